// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace roombridge::journal {

// CRC-32 of `bytes`; `so_far`: of what lies before them.
[[nodiscard]] std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t so_far = 0);

}  // namespace roombridge::journal
