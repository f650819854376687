// SPDX-License-Identifier: MIT
#include "daemon/local/latency_histogram.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;

TEST(latency_histogram, says_nothing_of_nothing) {
  const latency_histogram none;
  EXPECT_EQ(none.quantile(0.99), 0us);
  EXPECT_EQ(to_json(none), R"({"events":0,"p50_us":0,"p99_us":0,"max_us":0})");
}

TEST(latency_histogram, small_times_are_exact) {
  latency_histogram times;
  times.add(3us, 50);
  times.add(7us, 49);
  times.add(12us, 1);
  EXPECT_EQ(times.quantile(0.5), 3us);
  EXPECT_EQ(times.quantile(0.501), 7us);
  EXPECT_EQ(times.quantile(0.99), 7us);
  EXPECT_EQ(times.quantile(1), 12us);
  EXPECT_EQ(to_json(times), R"({"events":100,"p50_us":3,"p99_us":7,"max_us":12})");
}

TEST(latency_histogram, what_no_clock_measures_is_taken_for_the_next_best) {
  latency_histogram times;
  times.add(-5us, 1);
  EXPECT_EQ(times.quantile(1), 0us);
  times.add(100h, 1);
  EXPECT_EQ(times.max(), 1h);
  EXPECT_EQ(times.quantile(1), 1h);
}

TEST(latency_histogram, quantiles_are_at_most_an_eighth_too_high) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random{seed};
  std::vector<std::int64_t> values;
  latency_histogram one;
  latency_histogram other;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(static_cast<std::int64_t>(random() >> (32 + random() % 32)));
    values.back() = std::min<std::int64_t>(values.back(), 3'600'000'000);
    (i % 2 == 0 ? one : other).add(std::chrono::microseconds{values.back()}, 1);
  }
  one.add(other);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(one.count(), values.size());
  EXPECT_EQ(one.max().count(), values.back());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    const std::int64_t truth = values[rank - 1];
    EXPECT_GE(one.quantile(share).count(), truth) << share;
    EXPECT_LE(one.quantile(share).count(), truth + truth / 8) << share;
  }
}

}  // namespace
}  // namespace roombridge::local
