// SPDX-License-Identifier: MIT
// What differs between two configurations.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/settings.hpp"

namespace roombridge::config {

// The keys (dotted, e.g. "rooms.declared") whose values differ, in the schema's order.
[[nodiscard]] std::vector<std::string> changed_keys(const settings& before, const settings& after);

}  // namespace roombridge::config
