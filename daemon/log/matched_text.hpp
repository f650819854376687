// SPDX-License-Identifier: MIT
// A name, a topic or a field of a record as filters look at it. Pure.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/base/keyed_hash.hpp"

namespace roombridge::log {

// Of a text only this many bytes are kept for matching. One more than a pattern can have: a longer text equals no exact
// pattern, and no prefix looks further.
inline constexpr std::size_t max_matched_text = 257;

[[nodiscard]] inline std::uint32_t hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(keyed_hash(text));
}

// A view of it. Its hash, made once, tells apart nearly all texts that differ: who compares looks at it first.
struct matched_text {
  matched_text() : matched_text(std::string_view{}) {}
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> matched_text(const Text& whole)
      : text(std::string_view{whole}.substr(0, max_matched_text)), hash(hash_of(text)) {}
  matched_text(std::string_view known, std::uint32_t its_hash) : text(known), hash(its_hash) {}

  bool operator==(const matched_text& other) const { return hash == other.hash && text == other.text; }

  std::string_view text;
  std::uint32_t hash;
};

}  // namespace roombridge::log
