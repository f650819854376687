// SPDX-License-Identifier: MIT
#include "daemon/base/file_look.hpp"

#include <sys/stat.h>

#include "daemon/base/path_walk.hpp"

namespace roombridge {

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::optional<file_facts> look_at(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return std::nullopt;
  return facts_of(there);
}

std::vector<path_stop> look_along(const std::string& path) {
  std::vector<path_stop> out;
  for (const path_step& step : walk_path(path)) {
    const auto directory = look_at(step.directory);
    if (!directory) continue;
    struct stat there {};
    const std::string entry = step.directory + '/' + step.name;
    const bool exists = ::lstat(entry.c_str(), &there) == 0;
    out.push_back({step.directory, *directory, exists ? std::optional(facts_of(there)) : std::nullopt});
  }
  return out;
}

}  // namespace roombridge
