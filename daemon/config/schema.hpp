// SPDX-License-Identifier: MIT
// The schema of the config: one table from which parsing, the hints for unknown keys and the comparison of two configs
// follow.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/reader.hpp"
#include "daemon/config/settings.hpp"

namespace roombridge::config {

// Every key of the config, in the order in which it is documented. upstream.token and events.rules are one key each
// here.
[[nodiscard]] const table<settings>& schema();

// Every key with those inside upstream.token, of an event's rule, "events.rules.NAME.topics", and of a list's item,
// "local.access.ITEM.users".
[[nodiscard]] const std::vector<std::string>& schema_paths();

// What a backend must not be able to deliver nor a local program to emit: authentication, rooms, Socket.IO's own names.
// Each once.
[[nodiscard]] std::vector<std::string> reserved_names(const settings& of);

// The fields by whose values programs may subscribe, in whatever rule they are declared. Each once.
[[nodiscard]] std::vector<std::string> filter_fields(const settings& of);

}  // namespace roombridge::config
