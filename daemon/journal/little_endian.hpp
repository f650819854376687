// SPDX-License-Identifier: MIT
// Integers in the journal's files. Whoever calls has checked that there are so many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace roombridge::journal {

template <class Integer>
[[nodiscard]] Integer get(std::span<const std::byte> from, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value |= std::to_integer<std::uint64_t>(from[offset + i]) << 8 * i;
  return static_cast<Integer>(value);
}

template <class Integer>
void set(std::span<std::byte> to, std::size_t offset, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    to[offset + i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> 8 * i & 0xff);
  }
}

}  // namespace roombridge::journal
