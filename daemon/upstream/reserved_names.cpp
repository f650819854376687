// SPDX-License-Identifier: MIT
#include "daemon/upstream/reserved_names.hpp"

#include <algorithm>

namespace roombridge::upstream {

std::vector<std::string> reserved_names(const options& of) {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  if (of.auth.mode == auth_mode::event) add(of.auth.request);
  for (const std::string* name : {&of.auth.success, &of.auth.error, &of.rooms.join, &of.rooms.leave}) add(*name);
  for (const std::string_view name : socketio_names) add(name);
  return names;
}

}  // namespace roombridge::upstream
