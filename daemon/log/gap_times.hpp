// SPDX-License-Identifier: MIT
// The times of an upstream gap, as its index entry holds them in the place of a name.
#pragma once

#include <array>
#include <cassert>
#include <cstring>
#include <string_view>

#include "daemon/log/cursor.hpp"

namespace roombridge::log {

using packed_times = std::array<char, sizeof(loss::times)>;

[[nodiscard]] inline packed_times pack_times(const loss::times& times) {
  packed_times out;
  std::memcpy(out.data(), &times, sizeof times);
  return out;
}

[[nodiscard]] inline loss::times unpack_times(std::string_view packed) {
  assert(packed.size() == sizeof(loss::times));
  loss::times times;
  std::memcpy(&times, packed.data(), sizeof times);
  return times;
}

}  // namespace roombridge::log
