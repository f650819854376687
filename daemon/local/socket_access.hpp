// SPDX-License-Identifier: MIT
// Who may open the socket: its file's owner, group and mode.
#pragma once

#include <sys/types.h>

#include "daemon/local/options.hpp"

namespace roombridge::local {

struct socket_access {
  uid_t owner = static_cast<uid_t>(-1);  // as chown() has it: -1 leaves what the daemon's process gives
  gid_t group = static_cast<gid_t>(-1);  // likewise
  mode_t mode = 0660;
};

// Looks the names up, and waits for the name service; throws socket_error.
[[nodiscard]] socket_access look_up_socket_access(const options& config);

}  // namespace roombridge::local
