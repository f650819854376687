// SPDX-License-Identifier: MIT
// The schema of the config: one table from which parsing, the hints for unknown keys, the comparison of two configs and
// what a reload does with the differences follow.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/needs.hpp"
#include "daemon/config/reader.hpp"
#include "daemon/config/settings.hpp"

namespace roombridge::config {

struct row : key<settings> {
  needs change;  // what a change of the key needs
};

// Every key of the config, in the order in which it is documented. upstream.token and events.rules are one key each
// here.
[[nodiscard]] const std::vector<row>& schema();

// Every key with those inside upstream.token, of an event's rule, "events.rules.NAME.topics", and of a list's item,
// "local.access.ITEM.users".
[[nodiscard]] const std::vector<std::string>& schema_paths();

}  // namespace roombridge::config
