// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace roombridge::log {

// How much retained_events keeps.
struct retention {
  std::size_t keys = 10'000;     // 0: nothing
  std::size_t bytes = 4u << 20;  // of frames, names, topics and keys
  bool operator==(const retention&) const = default;
};

}  // namespace roombridge::log
