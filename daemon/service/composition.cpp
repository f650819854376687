// SPDX-License-Identifier: MIT
#include "daemon/service/composition.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/upstream/reserved_names.hpp"

namespace roombridge::service {

events::profile event_profile(const config::settings& from) {
  events::profile made = from.events;
  made.reserved = upstream::reserved_names(from.upstream);
  return made;
}

local::options local_options(const config::settings& from) {
  local::options made = from.local;
  std::vector<std::string>& names = made.filter_fields;
  for (const events::event_rule& rule : from.events.rules) {
    for (const std::string& name : rule.fields) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return made;
}

}  // namespace roombridge::service
