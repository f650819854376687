// SPDX-License-Identifier: MIT
// What stat(2) tells of files, for those who judge it (file_trust.hpp, secret_trust.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/file_trust.hpp"
#include "daemon/base/secret_trust.hpp"

namespace roombridge {

// The directory in which `path` names something, as a path that ends in a slash.
[[nodiscard]] std::string directory_of(const std::string& path);

// Of what the path leads to; nothing: it cannot be looked at, by errno.
[[nodiscard]] std::optional<file_facts> look_at(const std::string& path);

// All directories on the way to what the path leads to, from the root, through symbolic links; those that cannot be
// looked at are left out.
[[nodiscard]] std::vector<path_stop> look_along(const std::string& path);

}  // namespace roombridge
