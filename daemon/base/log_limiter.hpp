// SPDX-License-Identifier: MIT
// Bounds how often one kind of message reaches the log, so that a flood of bad input cannot become a flood of log
// lines. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace roombridge {

class log_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit constexpr log_limiter(std::chrono::seconds interval = std::chrono::seconds{60}) : interval_(interval) {}

  // Counts one occurrence. Returns how many went unlogged since the last logged one when this one may be logged,
  // nothing otherwise.
  std::optional<std::uint64_t> occurred(time_point now) {
    if (last_ && now - *last_ < interval_) {
      ++suppressed_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(suppressed_, 0);
  }

 private:
  std::chrono::seconds interval_;
  std::optional<time_point> last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace roombridge
