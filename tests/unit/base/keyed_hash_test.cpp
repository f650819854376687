// SPDX-License-Identifier: MIT
#include "daemon/base/keyed_hash.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roombridge {
namespace {

constexpr std::size_t bits = 16;  // of the hashes that are compared

std::uint64_t cut(std::uint64_t hash) {
  return hash & ((1u << bits) - 1);
}

// Texts of 16 bytes whose hashes agree in `bits` by the key that everybody knows.
std::vector<std::string> colliding(std::size_t count) {
  std::vector<std::string> out;
  const std::uint64_t wanted = cut(keyed_hash("shop-7", hash_key{}));
  for (int number = 0; out.size() < count; ++number) {
    std::string text = "attacker" + std::to_string(10'000'000 + number);
    if (cut(keyed_hash(text, hash_key{})) == wanted) out.push_back(std::move(text));
  }
  return out;
}

TEST(keyed_hash, of_texts_that_were_made_to_collide_is_spread_by_another_key) {
  const std::vector<std::string> texts = colliding(64);
  std::set<std::uint64_t> found;
  for (const std::string& text : texts)
    found.insert(cut(keyed_hash(text, {.start = 17, .factor = 0xd1342543de82ef95})));
  EXPECT_GE(found.size(), 60u);
}

TEST(keyed_hash, looks_at_every_byte) {
  std::mt19937_64 random{7};
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string text(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'b';
      const hash_key key{.start = random(), .factor = random() | 1};
      EXPECT_NE(keyed_hash(text, key), keyed_hash(other, key)) << size << " bytes, byte " << at;
    }
  }
}

// The differences that a product of 64 bits passes on whatever its factor is: the highest bit.
TEST(keyed_hash, lets_no_difference_through_that_is_the_same_for_every_key) {
  const std::string one = "attacker-shop--7";
  std::string other = one;
  other[7] = static_cast<char>(other[7] ^ 0x80);
  other[15] = static_cast<char>(other[15] ^ 0x80);
  other[11] = static_cast<char>(other[11] ^ 0x80);
  std::mt19937_64 random{7};
  for (int round = 0; round < 1000; ++round) {
    const hash_key key{.start = random(), .factor = random() | 1};
    EXPECT_NE(static_cast<std::uint32_t>(keyed_hash(one, key)), static_cast<std::uint32_t>(keyed_hash(other, key)));
  }
}

}  // namespace
}  // namespace roombridge
