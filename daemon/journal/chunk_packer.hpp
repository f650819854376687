// SPDX-License-Identifier: MIT
// Records out of a file as the log has them: frames side by side, so that many are one write to a subscriber, and their
// texts packed. Pure.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/journal/segment_format.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::journal {

class chunk_packer {
 public:
  static constexpr std::size_t hash_size = sizeof(std::uint32_t);

  // `size`: of the records as they are in the file, and hash_size for each of their topics and fields. `out` is filled
  // anew.
  chunk_packer(log::history_chunk& out, std::size_t size) : out_(out), texts_(size) {
    out_.records.clear();
    out_.bytes.resize(size);
  }

  void add(const stored_record& what) {
    const std::span<std::byte> frame = std::span{out_.bytes}.subspan(frames_, what.frame.size());
    std::copy(what.frame.begin(), what.frame.end(), frame.begin());
    frames_ += frame.size();
    const std::span<std::byte> name = room(what.name.size());
    log::put_text(name.data(), what.name);
    const std::string_view kept_name{reinterpret_cast<const char*>(name.data()), name.size()};
    out_.records.push_back({.seq = what.seq,
                            .kind = what.kind,
                            .frame = frame,
                            .name = kept_name,
                            .topics = pack(what.topics),
                            .fields = pack(what.fields),
                            .unexpected = what.unexpected,
                            .received = 0,
                            .name_hash = log::matched_text{kept_name}.hash,
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
    matched_.assign(texts.begin(), texts.end());
    const std::span<std::byte> all = room(log::packed_size(matched_));
    log::put_packed(all.data(), matched_);
    return {all.data(), texts.size()};
  }

  log::history_chunk& out_;
  std::size_t frames_ = 0;
  std::size_t texts_;
  std::vector<log::matched_text> matched_;
};

}  // namespace roombridge::journal
