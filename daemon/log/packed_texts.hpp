// SPDX-License-Identifier: MIT
// The topics or the fields of a record as one piece of memory: their hashes (u32), their lengths (u16) and the texts.
// Unaligned. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "daemon/log/matched_text.hpp"

namespace roombridge::log {

// A view of it, where it lies.
class packed_texts {
 public:
  packed_texts() = default;
  packed_texts(const std::byte* where, std::size_t count) : hashes_(where), count_(count) {}

  [[nodiscard]] std::size_t size() const { return count_; }

  // Whether `predicate` holds for any of the texts.
  template <class Predicate>
  [[nodiscard]] bool any_of(const Predicate& predicate) const {
    const char* text = texts();
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t length = length_of(i);
      if (predicate(std::string_view{text, length})) return true;
      text += length;
    }
    return false;
  }

  // Whether one of them is `what`.
  [[nodiscard]] bool contains(const matched_text& what) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (load<std::uint32_t>(hashes_, i) == what.hash && text_of(i) == what.text) return true;
    }
    return false;
  }

 private:
  template <class Integer>
  [[nodiscard]] static Integer load(const std::byte* from, std::size_t index) {
    Integer value;
    std::memcpy(&value, from + index * sizeof value, sizeof value);
    return value;
  }
  [[nodiscard]] const std::byte* lengths() const { return hashes_ + count_ * sizeof(std::uint32_t); }
  [[nodiscard]] std::size_t length_of(std::size_t index) const { return load<std::uint16_t>(lengths(), index); }
  [[nodiscard]] const char* texts() const {
    return reinterpret_cast<const char*>(lengths() + count_ * sizeof(std::uint16_t));
  }
  [[nodiscard]] std::string_view text_of(std::size_t index) const;

  const std::byte* hashes_ = nullptr;
  std::size_t count_ = 0;
};

// Bytes that the texts take.
[[nodiscard]] std::size_t packed_size(std::span<const matched_text> texts);

// Writes them; returns the end.
std::byte* put_packed(std::byte* out, std::span<const matched_text> texts);

// Writes a text alone, without hash and length.
std::byte* put_text(std::byte* out, std::string_view text);

}  // namespace roombridge::log
