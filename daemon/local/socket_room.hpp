// SPDX-License-Identifier: MIT
// How many bytes the kernel may keep for a program that does not read: they are the daemon's memory too. Pure.
//
// All sockets of a user together get a quarter of `local.user_buffer`: the more of it is taken, the less the next one
// gets, and each gets as much as a few frames need. A program that reads notices nothing but more, smaller writes.
#pragma once

#include <algorithm>
#include <cstddef>

namespace roombridge::local {

// Bytes of one socket, with what the kernel adds to what is written.
inline constexpr std::size_t smallest_socket_room = 8u << 10;
inline constexpr std::size_t largest_socket_room = 208u << 10;  // Linux's default

// Of the next socket of a user whose other sockets have `taken`.
[[nodiscard]] constexpr std::size_t socket_room(std::size_t user_buffer, std::size_t taken) {
  constexpr std::size_t sockets_in_reach = 16;
  const std::size_t most = user_buffer / 4;
  return std::clamp((most - std::min(most, taken)) / sockets_in_reach, smallest_socket_room, largest_socket_room);
}

}  // namespace roombridge::local
