// SPDX-License-Identifier: MIT
// What this machine has against the options of the local side: accounts that it does not know, a place where no socket
// can be made. For those who check a config before it is used.
#pragma once

#include <string>
#include <vector>

#include "daemon/local/options.hpp"

namespace roombridge::local {

struct objection {
  std::string key;  // of the config: "local.group", "local.access[0].users"
  std::string text;
  bool fatal = true;  // false: the service starts all the same
};

// Owner and group of the socket must exist. Names of others that do not exist match nobody. Asks the system's name
// services, and waits for them.
[[nodiscard]] std::vector<objection> objections_to_accounts(const options& config);

// Whether a socket can be made at its path, as far as that does not depend on who asks and passes by nothing but a
// hand. A directory below /run may be made by the service manager, when it starts the service.
[[nodiscard]] std::vector<objection> objections_to_place(const options& config);

}  // namespace roombridge::local
