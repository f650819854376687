// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace roombridge::log {

// Of a whole EVENT its time, of a GAP the end of the time that it tells of: µs since the Unix epoch. Nothing: it says
// none.
[[nodiscard]] std::optional<std::int64_t> frame_time(std::span<const std::byte> frame);

}  // namespace roombridge::log
