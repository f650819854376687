// SPDX-License-Identifier: MIT
// What differs between two configurations.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/needs.hpp"
#include "daemon/config/settings.hpp"

namespace roombridge::config {

// The keys (dotted, e.g. "rooms.declared") whose values differ, in the schema's order.
[[nodiscard]] std::vector<std::string> changed_keys(const settings& before, const settings& after);

// Those of them whose row in the schema says `only`.
[[nodiscard]] std::vector<std::string> changed_keys(const settings& before, const settings& after, needs only);

}  // namespace roombridge::config
