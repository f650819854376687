// SPDX-License-Identifier: MIT
// Reading the configuration's file.
#pragma once

#include <string>

#include "daemon/config/parse.hpp"

namespace roombridge::config {

// Reads at most max_file_size bytes of the regular file `path` and parses them with the process's environment. I/O
// errors are errors of line 0.
[[nodiscard]] reading load(const std::string& path);

}  // namespace roombridge::config
