// SPDX-License-Identifier: MIT
#include "daemon/local/rate_limit.hpp"

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;

TEST(rate_limit, allows_a_burst_and_then_the_rate) {
  rate_limit limit;
  rate_limit::time_point now{10s};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.take(now, 10, 5), 0s) << i;
  EXPECT_EQ(limit.take(now, 10, 5), 100ms);
  EXPECT_EQ(limit.take(now + 60ms, 10, 5), 40ms) << "what was refused does not count";
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(limit.take(now + i * 100ms, 10, 5), 0s) << i;
    EXPECT_EQ(limit.take(now + i * 100ms, 10, 5), 100ms) << i;
  }
}

TEST(rate_limit, saves_no_more_than_the_burst) {
  rate_limit limit;
  rate_limit::time_point now{10s};
  EXPECT_EQ(limit.take(now, 10, 3), 0s);
  now += 1h;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take(now, 10, 3), 0s) << i;
  EXPECT_EQ(limit.take(now, 10, 3), 100ms);
}

TEST(rate_limit, a_changed_limit_holds_at_once) {
  rate_limit limit;
  const rate_limit::time_point now{10s};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.take(now, 10, 100), 0s) << i;
  EXPECT_EQ(limit.take(now, 10, 1), 10s);
  EXPECT_EQ(limit.take(now, 1000, 20'000), 0s);
}

}  // namespace
}  // namespace roombridge::local
