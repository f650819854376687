// SPDX-License-Identifier: MIT
#include "daemon/base/file_look.hpp"

#include <sys/stat.h>

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

}  // namespace roombridge
