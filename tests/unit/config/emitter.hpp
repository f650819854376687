// SPDX-License-Identifier: MIT
// Writes a config as YAML, so that reading can be checked against it. It knows the schema by itself and takes the
// structs apart field by field: a field that is added to one of them does not compile here before it is written, and
// does not pass before it is read.
#pragma once

#include <string>

#include "daemon/config/settings.hpp"

namespace roombridge::config {

// YAML that reads as `value`. `events.reserved` and `local.filter_fields` are left out: no key says them.
[[nodiscard]] std::string emit(const settings& value);

}  // namespace roombridge::config
