// SPDX-License-Identifier: MIT
#include "daemon/local/socket_room.hpp"

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

TEST(socket_room, all_of_a_user_have_a_quarter_and_each_has_a_little) {
  for (const std::size_t user_buffer : {64u << 10, 8u << 20, 1u << 30}) {
    std::size_t taken = 0;
    std::size_t last = largest_socket_room;
    for (std::size_t count = 1; count <= 1024; ++count) {
      const std::size_t room = socket_room(user_buffer, taken);
      EXPECT_LE(room, last);
      EXPECT_GE(room, smallest_socket_room);
      taken += last = room;
      EXPECT_LE(taken, user_buffer / 4 + count * smallest_socket_room);
    }
  }
}

TEST(socket_room, more_than_a_quarter_may_be_taken_after_a_reload) {
  EXPECT_EQ(socket_room(64u << 10, 1u << 20), smallest_socket_room);
}

TEST(socket_room, of_a_large_buffer_is_what_the_system_gives) {
  EXPECT_EQ(socket_room(std::size_t{1} << 30, 0), largest_socket_room);
}

}  // namespace
}  // namespace roombridge::local
