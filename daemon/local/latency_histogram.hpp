// SPDX-License-Identifier: MIT
// How long deliveries took, counted in buckets whose width grows with the time: what a quantile says is at most an
// eighth above the truth. Fixed size. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace roombridge::local {

class latency_histogram {
 public:
  using duration = std::chrono::microseconds;

  // `count` deliveries took `time`; below zero is taken for zero, more than an hour for an hour.
  void add(duration time, std::uint64_t count) {
    const auto value = static_cast<std::uint64_t>(std::clamp(time, duration::zero(), longest).count());
    buckets_[bucket_of(value)] += count;
    count_ += count;
    max_ = std::max(max_, value);
  }

  void add(const latency_histogram& other) {
    for (std::size_t i = 0; i < buckets; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] duration max() const { return duration{max_}; }

  // What `share` (above 0, at most 1) of the deliveries did not exceed; zero when there were none.
  [[nodiscard]] duration quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      passed += buckets_[i];
      if (passed >= wanted) return duration{std::min(highest_in(i), max_)};
    }
    return max();
  }

 private:
  static constexpr duration longest = std::chrono::hours{1};
  static constexpr unsigned sub_bits = 3;
  static constexpr std::uint64_t subs = 1u << sub_bits;  // buckets of one octave

  // Below `subs` each value has its bucket; above, the bits behind the highest one tell which of its octave's it is.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < subs) return value;
    const unsigned octave = static_cast<unsigned>(std::bit_width(value)) - sub_bits;
    return octave * subs + ((value >> (octave - 1)) & (subs - 1));
  }
  [[nodiscard]] static constexpr std::uint64_t highest_in(std::size_t bucket) {
    if (bucket < subs) return bucket;
    const std::size_t octave = bucket / subs;
    return ((subs + bucket % subs + 1) << (octave - 1)) - 1;
  }

  static_assert(longest.count() < std::int64_t{1} << 32);
  static constexpr std::size_t buckets = (32 - sub_bits + 1) * subs;

  std::array<std::uint64_t, buckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

// {"events":…,"p50_us":…,"p99_us":…,"max_us":…} (PROTOCOL.md section 7).
[[nodiscard]] inline std::string to_json(const latency_histogram& of) {
  const auto number = [](auto value) { return std::to_string(value); };
  return R"({"events":)" + number(of.count()) + R"(,"p50_us":)" + number(of.quantile(0.5).count()) + R"(,"p99_us":)" +
         number(of.quantile(0.99).count()) + R"(,"max_us":)" + number(of.max().count()) + '}';
}

}  // namespace roombridge::local
