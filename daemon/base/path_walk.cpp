// SPDX-License-Identifier: MIT
#include "daemon/base/path_walk.hpp"

#include <deque>
#include <filesystem>
#include <system_error>

namespace roombridge {
namespace {

namespace fs = std::filesystem;

void prepend(std::deque<std::string>& components, const fs::path& path) {
  std::deque<std::string> front;
  for (const fs::path& part : path.relative_path()) {
    if (!part.empty() && part != ".") front.push_back(part.string());
  }
  components.insert(components.begin(), front.begin(), front.end());
}

}  // namespace

std::vector<path_step> walk_path(std::string_view path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(fs::path(path), error);
  std::vector<path_step> steps;
  std::deque<std::string> components;
  prepend(components, absolute);
  fs::path current = "/";
  int links = 0;
  while (!components.empty()) {
    const std::string name = std::move(components.front());
    components.pop_front();
    if (name == "..") {
      current = current.parent_path();
      continue;
    }
    steps.push_back({current.string(), name});
    const fs::path entry = current / name;
    const fs::file_status status = fs::symlink_status(entry, error);
    if (fs::is_symlink(status)) {
      const fs::path target = fs::read_symlink(entry, error);
      if (error || ++links > 40) break;
      if (target.is_absolute()) current = "/";
      prepend(components, target);
    } else if (fs::is_directory(status)) {
      current = entry;
    } else {
      break;
    }
  }
  return steps;
}

}  // namespace roombridge
