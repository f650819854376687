// SPDX-License-Identifier: MIT
// A config against the machine that it is for: what the start would refuse or warn of, with file, line and column.
#pragma once

#include <vector>

#include "daemon/config/errors.hpp"
#include "daemon/config/settings.hpp"

namespace roombridge::service {

struct host_objections {
  std::vector<config::error> errors;    // the service cannot start
  std::vector<config::error> warnings;  // it can, and somebody will miss something
};

// `place`: whether what the parts of the service tell of themselves when they begin is looked at, too: the place of the
// socket, the journal's directory, files for TLS and the proxy.
[[nodiscard]] host_objections object_to(const config::settings& value, const config::key_places& places, bool place);

}  // namespace roombridge::service
