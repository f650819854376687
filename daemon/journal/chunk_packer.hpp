// SPDX-License-Identifier: MIT
// Records out of a file as the log has them: frames side by side, so that many are one write to a subscriber, and their
// texts packed. Pure.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "daemon/journal/segment_format.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::journal {

class chunk_packer {
 public:
  // `size`: of the records as they are in the file, which is more than they take here. `out` is filled anew.
  chunk_packer(log::history_chunk& out, std::size_t size) : out_(out), texts_(size) {
    out_.records.clear();
    out_.bytes.resize(size);
  }

  void add(const stored_record& what) {
    const std::span<std::byte> frame = std::span{out_.bytes}.subspan(frames_, what.frame.size());
    std::copy(what.frame.begin(), what.frame.end(), frame.begin());
    frames_ += frame.size();
    const std::span<std::byte> name = room(what.name.size());
    put(name.data(), what.name);
    out_.records.push_back({.seq = what.seq,
                            .kind = what.kind,
                            .frame = frame,
                            .name = {reinterpret_cast<const char*>(name.data()), name.size()},
                            .topics = pack(what.topics),
                            .fields = pack(what.fields),
                            .unexpected = what.unexpected,
                            .received = 0,
                            .entry_size = 0});
  }

 private:
  // Frames grow from the front, texts from the back.
  [[nodiscard]] std::span<std::byte> room(std::size_t size) {
    assert(frames_ + size <= texts_);
    texts_ -= size;
    return std::span{out_.bytes}.subspan(texts_, size);
  }

  [[nodiscard]] log::packed_texts pack(std::span<const std::string_view> texts) {
    std::size_t size = sizeof(std::uint16_t) * texts.size();
    for (const auto text : texts) size += text.size();
    const std::span<std::byte> all = room(size);
    std::byte* out = all.data();
    for (const auto text : texts) {
      const auto length = static_cast<std::uint16_t>(text.size());
      std::memcpy(out, &length, sizeof length);
      out += sizeof length;
    }
    for (const auto text : texts) out = put(out, text);
    return {all.data(), texts.size()};
  }

  static std::byte* put(std::byte* out, std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return std::copy(bytes.begin(), bytes.end(), out);
  }

  log::history_chunk& out_;
  std::size_t frames_ = 0;
  std::size_t texts_;
};

}  // namespace roombridge::journal
