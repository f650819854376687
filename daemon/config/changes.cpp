// SPDX-License-Identifier: MIT
#include "daemon/config/changes.hpp"

#include "daemon/config/schema.hpp"

namespace roombridge::config {
namespace {

template <typename Wanted>
std::vector<std::string> paths_of_changed(const settings& before, const settings& after, Wanted wanted) {
  std::vector<std::string> paths;
  for (const row& each : schema()) {
    if (wanted(each) && !each.equal(before, after)) paths.push_back(each.path);
  }
  return paths;
}

}  // namespace

std::vector<std::string> changed_keys(const settings& before, const settings& after) {
  return paths_of_changed(before, after, [](const row&) { return true; });
}

std::vector<std::string> changed_keys(const settings& before, const settings& after, needs only) {
  return paths_of_changed(before, after, [only](const row& each) { return each.change == only; });
}

}  // namespace roombridge::config
