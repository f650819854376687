// SPDX-License-Identifier: MIT
// Whether a config's own text holds values that are hidden in log and status, so that its file is to be kept as a
// secret is. What comes from variables is not in the file. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/document.hpp"

namespace roombridge::config {

// The keys ("upstream.headers") that have such values.
[[nodiscard]] std::vector<std::string> find_written_secrets(const document& from);

}  // namespace roombridge::config
