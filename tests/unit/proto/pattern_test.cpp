// SPDX-License-Identifier: MIT
#include <roombridge/proto/pattern.hpp>

#include <gtest/gtest.h>

#include <string>

namespace roombridge::proto::test {
namespace {

TEST(pattern, a_star_stands_only_at_the_end) {
  for (const auto* good : {"*", "a", "a*", "shop-7", "a b"}) EXPECT_TRUE(is_valid_pattern(good)) << good;
  for (const auto* bad : {"", "*a", "a*b", "**", "a**"}) EXPECT_FALSE(is_valid_pattern(bad)) << bad;
}

TEST(pattern, has_1_to_256_bytes) {
  EXPECT_TRUE(is_valid_pattern(std::string(256, 'x')));
  EXPECT_FALSE(is_valid_pattern(std::string(257, 'x')));
}

TEST(pattern, without_a_star_matches_exactly) {
  EXPECT_TRUE(matches("shop-7", "shop-7"));
  EXPECT_FALSE(matches("shop-7", "shop-70"));
  EXPECT_FALSE(matches("shop-7", "shop-"));
  EXPECT_FALSE(matches("shop-7", "Shop-7"));
}

TEST(pattern, with_a_star_matches_its_prefix) {
  EXPECT_TRUE(matches("shop-*", "shop-7"));
  EXPECT_TRUE(matches("shop-*", "shop-"));
  EXPECT_FALSE(matches("shop-*", "shop"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "anything"));
}

TEST(pattern, covers_what_matches_nothing_else) {
  for (const auto* inner : {"shop-*", "shop-7*", "shop-7", "shop-"}) EXPECT_TRUE(covers("shop-*", inner)) << inner;
  for (const auto* inner : {"shop*", "*", "shop", "user-7", "user-*"}) EXPECT_FALSE(covers("shop-*", inner)) << inner;
  EXPECT_TRUE(covers("*", "*"));
  EXPECT_TRUE(covers("shop-7", "shop-7"));
  for (const auto* inner : {"shop-7*", "shop-*", "*", "shop-70"}) EXPECT_FALSE(covers("shop-7", inner)) << inner;
}

}  // namespace
}  // namespace roombridge::proto::test
