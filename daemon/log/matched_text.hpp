// SPDX-License-Identifier: MIT
// A name, a topic or a field of a record as filters look at it. Pure.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace roombridge::log {

// Of a text only this many bytes are kept for matching. One more than a pattern can have: a longer text equals no exact
// pattern, and no prefix looks further.
inline constexpr std::size_t max_matched_text = 257;

// Eight bytes at a time; the last eight may overlap those before them. Names and topics are short, and std::hash costs
// twice as much for such.
[[nodiscard]] inline std::uint32_t hash_of(std::string_view text) {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15u;
  const auto load = [](const char* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  std::uint64_t hash = text.size() * factor;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32;
  };
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() >= sizeof(std::uint64_t)) {
    for (const char* at = begin; end - at > 8; at += 8) mix(load(at, std::uint64_t{}));
    mix(load(end - 8, std::uint64_t{}));
  } else if (text.size() >= sizeof(std::uint32_t)) {
    mix(load(begin, std::uint32_t{}) | std::uint64_t{load(end - 4, std::uint32_t{})} << 32);
  } else {
    for (const char byte : text) mix(static_cast<unsigned char>(byte));
  }
  return static_cast<std::uint32_t>(hash);
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
