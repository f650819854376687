// SPDX-License-Identifier: MIT
#include "daemon/log/visibility.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/log/patterns.hpp"

namespace roombridge::log {
namespace {

bool allows_any_topic(const visibility::grant& by) {
  return by.topics.size() == 1 && by.topics.front() == "*";
}

bool allows_topic(const visibility::grant& by, const record& what) {
  if (allows_any_topic(by)) return true;
  if (what.unexpected) return false;
  return what.topics.any_of([&by](std::string_view topic) { return any_matches(by.topics, topic); });
}

}  // namespace

visibility::visibility(std::vector<grant> grants) : grants_(std::move(grants)) {
  for (grant& each : grants_) {
    if (std::find(each.topics.begin(), each.topics.end(), "*") != each.topics.end()) each.topics = {"*"};
  }
}

bool visibility::allows(const record& what) const {
  if (is_for_everyone(what.kind)) return true;
  return std::any_of(grants_.begin(), grants_.end(),
                     [&what](const grant& by) { return any_matches(by.events, what.name) && allows_topic(by, what); });
}

}  // namespace roombridge::log
