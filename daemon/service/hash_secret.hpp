// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>

#include "daemon/base/keyed_hash.hpp"

namespace roombridge::service {

// For process_hash_key. Throws std::exception where the system has no random numbers.
[[nodiscard]] inline hash_key draw_hash_key() {
  std::random_device device;
  const auto draw = [&device] { return std::uint64_t{device()} << 32 | device(); };
  const std::uint64_t start = draw();
  return {.start = start, .factor = draw() | 1};
}

}  // namespace roombridge::service
