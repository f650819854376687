// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace roombridge::log {

// Numbers the log's records, from 1, consecutive within an epoch, below 2^53.
using sequence = std::uint64_t;

}  // namespace roombridge::log
