// SPDX-License-Identifier: MIT
// When something happens: what pure machines are told instead of having a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace roombridge::upstream {

// By the clock for delays and by the wall's, and a number, uniform over its whole range, for the delays that it may
// cause.
struct moment {
  std::chrono::steady_clock::time_point now;
  std::uint64_t random = 0;
  std::chrono::system_clock::time_point wall{};
};

}  // namespace roombridge::upstream
