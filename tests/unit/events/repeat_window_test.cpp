// SPDX-License-Identifier: MIT
#include "daemon/events/repeat_window.hpp"

#include <gtest/gtest.h>

namespace roombridge::events {
namespace {

using namespace std::chrono_literals;

class repeats : public testing::Test {
 protected:
  bool seen(std::string_view key) { return window_.repeats(key, 10s, now_); }

  repeat_window window_;
  repeat_window::time_point now_{};
};

TEST_F(repeats, are_those_within_the_window) {
  EXPECT_FALSE(seen("a"));
  EXPECT_FALSE(seen("b"));
  now_ += 9s;
  EXPECT_TRUE(seen("a"));
  now_ += 1s;
  EXPECT_FALSE(seen("a")) << "a repeat does not prolong it";
  EXPECT_TRUE(seen("a"));
}

TEST_F(repeats, are_none_without_a_key_or_with_one_too_long) {
  const std::string longest(repeat_window::max_key_size, 'x');
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(seen(""));
    EXPECT_FALSE(seen(longest + 'x'));
    EXPECT_EQ(seen(longest), i == 1);
  }
}

TEST_F(repeats, of_the_oldest_pass_when_there_are_too_many) {
  for (std::size_t i = 0; i <= repeat_window::max_keys; ++i) EXPECT_FALSE(seen("key" + std::to_string(i)));
  EXPECT_TRUE(seen("key1"));
  EXPECT_TRUE(seen("key" + std::to_string(repeat_window::max_keys)));
  EXPECT_FALSE(seen("key0"));
}

TEST_F(repeats, are_forgotten) {
  EXPECT_FALSE(seen("a"));
  window_.clear();
  EXPECT_FALSE(seen("a"));
}

}  // namespace
}  // namespace roombridge::events
