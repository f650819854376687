// SPDX-License-Identifier: MIT
// What the index entry of a GAP holds in the place of a name: the times of an upstream gap, the first number of a hole.
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

using packed_first = std::array<char, sizeof(sequence)>;

[[nodiscard]] inline packed_first pack_first(sequence first) {
  packed_first out;
  std::memcpy(out.data(), &first, sizeof first);
  return out;
}

[[nodiscard]] inline sequence unpack_first(std::string_view packed) {
  assert(packed.size() == sizeof(sequence));
  sequence first = 0;
  std::memcpy(&first, packed.data(), sizeof first);
  return first;
}

}  // namespace roombridge::log
