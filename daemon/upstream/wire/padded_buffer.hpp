// SPDX-License-Identifier: MIT
// A growing byte buffer whose content always has `read_padding` readable bytes behind it, as simdjson wants them. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace roombridge::upstream {

// Readable bytes behind every message that the codecs hand out. Their content means nothing.
inline constexpr std::size_t read_padding = 64;

class padded_buffer {
 public:
  // Takes memory for what was really appended (at most twice as much), never for what a peer announced. The caller has
  // checked its limit.
  void append(std::string_view bytes);

  // Overwrites the content. Memory beyond `keep` bytes is given back, so that one large message does not stay resident.
  void clear(std::size_t keep = 64 * 1024);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // Valid until the next append() or clear(). Never null, so that the padding is readable behind an empty content, too.
  [[nodiscard]] std::string_view view() const { return {bytes_ ? bytes_.get() : nothing, size_}; }

 private:
  static constexpr char nothing[read_padding]{};

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t size_ = 0;
};

}  // namespace roombridge::upstream
