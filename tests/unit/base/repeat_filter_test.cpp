// SPDX-License-Identifier: MIT
#include "daemon/base/repeat_filter.hpp"

#include <gtest/gtest.h>

namespace roombridge {
namespace {

using namespace std::chrono_literals;

TEST(repeat_filter, passes_once_in_an_interval_and_counts_the_rest) {
  repeat_filter filter(60s);
  repeat_filter::time_point now{};
  EXPECT_EQ(filter.pass("a", now), 0u);
  EXPECT_EQ(filter.pass("b", now), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(filter.pass("a", now + 59s));
  EXPECT_EQ(filter.pass("a", now + 60s), 5u);
  EXPECT_FALSE(filter.pass("a", now + 61s));
  EXPECT_EQ(filter.pass("b", now + 61s), 0u);
}

TEST(repeat_filter, forgets_when_there_are_too_many_different_lines) {
  repeat_filter filter(60s);
  repeat_filter::time_point now{};
  EXPECT_TRUE(filter.pass("a", now));
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(filter.pass(std::to_string(i), now));
  EXPECT_TRUE(filter.pass("a", now));
}

}  // namespace
}  // namespace roombridge
