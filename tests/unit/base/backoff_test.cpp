// SPDX-License-Identifier: MIT
#include "daemon/base/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace roombridge {
namespace {

using namespace std::chrono_literals;

TEST(backoff, doubles_from_first_to_max_and_draws_from_the_upper_half) {
  std::mt19937_64 random(20251);  // fixed: the bounds hold for every number
  for (int run = 0; run < 1000; ++run) {
    backoff delays(1s, 5s);
    for (const auto step : {1000ms, 2000ms, 4000ms, 5000ms, 5000ms, 5000ms}) {
      const auto delay = delays.next(random());
      EXPECT_GE(delay, step / 2);
      EXPECT_LE(delay, step);
    }
  }
}

TEST(backoff, reaches_both_ends_of_each_step) {
  backoff delays(1s, 5s);
  EXPECT_EQ(delays.next(0), 500ms);
  EXPECT_EQ(delays.next(1000), 2000ms);
}

TEST(backoff, keeps_a_fleet_apart_at_the_cap) {
  // 1,000 clients at the cap: no tenth of the range holds much more than its share.
  std::mt19937_64 random(20252);
  std::array<int, 10> tenths{};
  for (int client = 0; client < 1000; ++client) {
    backoff delays(1s, 5s);
    auto delay = 0ms;
    for (int attempt = 0; attempt < 8; ++attempt) delay = delays.next(random());
    ++tenths[static_cast<std::size_t>(std::min<long>((delay.count() - 2500) / 250, 9))];
  }
  for (const int count : tenths) {
    EXPECT_GT(count, 50);
    EXPECT_LT(count, 200);
  }
}

TEST(backoff, starts_again_after_a_reset) {
  backoff delays(1s, 60s);
  for (int i = 0; i < 10; ++i) (void)delays.next(0);
  delays.reset();
  EXPECT_LE(delays.next(std::numeric_limits<std::uint64_t>::max()), 1s);
}

TEST(backoff, takes_a_new_cap_with_the_next_delay) {
  backoff delays(1s, 60s);
  for (int i = 0; i < 10; ++i) (void)delays.next(0);
  delays.configure(1s, 2s);
  EXPECT_EQ(delays.next(0), 1s);
}

TEST(backoff, does_not_overflow_at_any_cap) {
  backoff delays(1ms, backoff::milliseconds::max());
  for (int i = 0; i < 200; ++i) EXPECT_GE(delays.next(0), 0ms);
}

}  // namespace
}  // namespace roombridge
