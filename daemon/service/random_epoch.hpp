// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>

namespace roombridge::service {

// Names a life of the log that no other has been named by.
[[nodiscard]] inline std::uint64_t random_epoch() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace roombridge::service
