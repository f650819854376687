// SPDX-License-Identifier: MIT
// The events that the session keeps to itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// The names that Socket.IO's libraries keep to themselves.
inline constexpr std::string_view socketio_names[] = {"connect",       "connect_error", "disconnect",
                                                      "disconnecting", "newListener",   "removeListener"};

// What a server must not be able to deliver to programs nor a program to emit: the events of authentication and of
// rooms, and Socket.IO's own names. Each once.
[[nodiscard]] std::vector<std::string> reserved_names(const options& of);

}  // namespace roombridge::upstream
