// SPDX-License-Identifier: MIT
#include "daemon/log/visibility.hpp"

#include <algorithm>
#include <utility>

namespace roombridge::log {

visibility::visibility(std::vector<grant> grants) : grants_(std::move(grants)) {
  for (const grant& each : grants_) {
    const pattern_list topics{each.topics};
    rules_.push_back({each.events, topics, topics.has_everything()});
  }
}

bool visibility::rule::allows(const record& what) const {
  if (!events.matches(what.matched_name())) return false;
  return any_topic || (!what.unexpected && topics.matches(what.topics));
}

bool visibility::allows(const record& what) const {
  if (is_for_everyone(what.kind)) return true;
  return std::any_of(rules_.begin(), rules_.end(), [&what](const rule& by) { return by.allows(what); });
}

}  // namespace roombridge::log
