// SPDX-License-Identifier: MIT
// So many of something a second, and a burst of them at once: a token bucket, kept as the one moment at which it is
// full again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace roombridge::local {

class rate_limit {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  // Takes one: zero. Or does not, and says how long until one may be taken. `rate`: per second; neither is 0. A changed
  // rate or burst holds at once.
  [[nodiscard]] duration take(time_point now, std::size_t rate, std::size_t burst) {
    const duration each = duration{std::chrono::seconds{1}} / static_cast<duration::rep>(rate);
    const time_point full = std::max(full_, now);
    const duration over = full - now - each * static_cast<duration::rep>(burst - 1);
    if (over > duration::zero()) return over;
    full_ = full + each;
    return duration::zero();
  }

  // Whether nothing of it has been used: one that is full is as good as a new one.
  [[nodiscard]] bool is_full(time_point now) const { return full_ <= now; }

 private:
  time_point full_{};
};

}  // namespace roombridge::local
