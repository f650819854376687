// SPDX-License-Identifier: MIT
// What the work for a connection costs, in units (log/work.hpp): about nanoseconds of a usual machine, rather too much
// than too little. Pure.
#pragma once

#include <cstddef>

#include <roombridge/proto/frame.hpp>

namespace roombridge::local::cost {

inline constexpr std::size_t service = 500;  // of one at least: where there was nothing to do
inline constexpr std::size_t read = 1'500;   // a system call
inline constexpr std::size_t write = 3'000;  // likewise
inline constexpr std::size_t written_per_unit = 4;
inline constexpr std::size_t budget = 20;      // of a connection, looked at because its user holds too much
inline constexpr std::size_t condition = 200;  // of a subscription, taken out of the index

// A request, without its answer.
[[nodiscard]] constexpr std::size_t of(const proto::frame& what) {
  const std::size_t size = what.head.size() + what.payload.size();
  switch (what.type) {
    case proto::frame_type::subscribe:
      return 2'000 + 40 * size;  // a pattern has at least four bytes, and a place in the index
    case proto::frame_type::call:
      return 10'000 + 2 * size;
    default:
      return 1'000 + 2 * size;
  }
}

}  // namespace roombridge::local::cost
