// SPDX-License-Identifier: MIT
// The schema of the config: one table from which parsing, the hints for unknown keys and the comparison of two configs
// follow.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/service/config.hpp"
#include "daemon/service/config_reader.hpp"

namespace roombridge::service::reading {

// Every key of the config, in the order in which it is documented. upstream.token and events.rules are one key each
// here.
[[nodiscard]] const table<config>& config_keys();

// Every key with those inside upstream.token, of an event's rule, "events.rules.NAME.topics", and of a list's item,
// "local.access.ITEM.users".
[[nodiscard]] const std::vector<std::string>& config_paths();

// What a backend must not be able to deliver nor a local program to emit: authentication, rooms, Socket.IO's own names.
// Each once.
[[nodiscard]] std::vector<std::string> reserved_names(const config& of);

// The fields by whose values programs may subscribe, in whatever rule they are declared. Each once.
[[nodiscard]] std::vector<std::string> filter_fields(const config& of);

// Refuses what no single key shows: keys that contradict each other, and rules for reserved names. `in` has read
// `value`, and value.events.reserved is set.
void check_relations(const config& value, reader& in);

}  // namespace roombridge::service::reading
