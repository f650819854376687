// SPDX-License-Identifier: MIT
// The hash of every table and comparison whose texts outsiders choose: patterns, topics, fields, keys. It depends on a
// secret that the process draws at its start, so that nobody can look for texts that have one hash. No hash leaves the
// process or outlives it: what is stored has texts only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace roombridge {

struct hash_key {
  std::uint64_t start = 0x2545f4914f6cdd1d;
  std::uint64_t factor = 0x9e3779b97f4a7c15;  // odd
};

// Set once, before the first hash is made; tests leave it as it is.
inline hash_key process_hash_key;

// Both halves of the whole product: what a difference between two texts does to them follows from the secret factor.
[[nodiscard]] inline std::uint64_t folded_product(std::uint64_t one, std::uint64_t other) {
#ifdef __SIZEOF_INT128__
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  const auto low = [](std::uint64_t value) { return value & 0xffffffffu; };
  const std::uint64_t first = low(one) * low(other);
  const std::uint64_t left = (one >> 32) * low(other) + (first >> 32);
  const std::uint64_t right = low(one) * (other >> 32) + low(left);
  return (low(first) | right << 32) ^ ((one >> 32) * (other >> 32) + (left >> 32) + (right >> 32));
#endif
}

// Eight bytes at a time; the last eight may overlap those before them. Names and topics are short, and std::hash costs
// twice as much for such, has no secret and can be computed backwards.
[[nodiscard]] inline std::uint64_t keyed_hash(std::string_view text, const hash_key& key = process_hash_key) {
  const auto load = [](const char* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  std::uint64_t hash = key.start ^ text.size();
  const auto mix = [&hash, factor = key.factor](std::uint64_t word) { hash = folded_product(hash ^ word, factor); };
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
  return hash;
}

// For the standard's tables.
struct keyed_text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return static_cast<std::size_t>(keyed_hash(text)); }
};

}  // namespace roombridge
