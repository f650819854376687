// SPDX-License-Identifier: MIT
// A config against the machine that it is for: what the start would refuse or warn of, with file, line and column.
#pragma once

#include <vector>

#include "daemon/service/config.hpp"

namespace roombridge::service {

struct host_objections {
  std::vector<config_error> errors;    // the service cannot start
  std::vector<config_error> warnings;  // it can, and somebody will miss something
};

// `place`: whether the place of the socket is looked at, too.
[[nodiscard]] host_objections object_to(const config& value, const config_places& places, bool place);

}  // namespace roombridge::service
