// SPDX-License-Identifier: MIT
#include "daemon/upstream/reserved_names.hpp"

#include <gmock/gmock.h>

namespace roombridge::upstream {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(reserved_names, are_those_of_authentication_rooms_and_socketio) {
  options of;
  EXPECT_THAT(reserved_names(of),
              ElementsAre("authenticate", "auth_success", "auth_error", "join_room", "leave_room", "connect",
                          "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"));
  of.auth.request = of.auth.success = "login";
  of.rooms.leave = "bye";
  EXPECT_THAT(reserved_names(of), ElementsAre("login", "auth_error", "join_room", "bye", "connect", "connect_error",
                                              "disconnect", "disconnecting", "newListener", "removeListener"));
}

TEST(reserved_names, only_the_event_mode_takes_the_name_of_its_request) {
  options of;
  of.auth.mode = auth_mode::header;
  EXPECT_THAT(reserved_names(of), Not(Contains("authenticate")));
  EXPECT_THAT(reserved_names(of), Contains("auth_success"));
}

}  // namespace
}  // namespace roombridge::upstream
