// SPDX-License-Identifier: MIT
// What no single key shows: keys that contradict each other, and rules for events that are neither delivered nor sent.
#pragma once

#include "daemon/config/reader.hpp"
#include "daemon/config/settings.hpp"

namespace roombridge::config {

// Refuses such keys. `in` has read `value`. A key that was refused already is held
// against no other.
void check_relations(const settings& value, reader& in);

}  // namespace roombridge::config
