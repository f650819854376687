// SPDX-License-Identifier: MIT
#include "daemon/config/changes.hpp"

#include "daemon/config/schema.hpp"

namespace roombridge::config {

std::vector<std::string> changed_keys(const settings& before, const settings& after) {
  std::vector<std::string> changed;
  for (const auto& key : schema()) {
    if (!key.equal(before, after)) changed.push_back(key.path);
  }
  return changed;
}

}  // namespace roombridge::config
