// SPDX-License-Identifier: MIT
#include "daemon/local/access_changes.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace roombridge::local {
namespace {

constexpr std::size_t shown_patterns = 5;

// "a, b and 3 more"
std::string some_of(const std::vector<std::string>& patterns) {
  std::string out;
  const std::size_t shown = std::min(patterns.size(), shown_patterns);
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + patterns[i];
  if (shown < patterns.size()) out += " and " + std::to_string(patterns.size() - shown) + " more";
  return out;
}

std::string effect_of(const access_rule& rule) {
  std::string out;
  const auto add = [&out](std::string_view what, const std::vector<std::string>& patterns) {
    if (!patterns.empty()) out += (out.empty() ? "" : "; ") + std::string(what) + ' ' + some_of(patterns);
  };
  add("see events", rule.events);
  if (!rule.events.empty()) out += " with the topics " + some_of(rule.topics);
  add("hold rooms", rule.rooms);
  add("send events", rule.emits);
  return out;
}

}  // namespace

std::vector<objection> opened_to_everyone(const options& before, const options& after) {
  std::vector<objection> out;
  for (std::size_t i = 0; i < after.access.size(); ++i) {
    const access_rule& rule = after.access[i];
    const bool known = std::find(before.access.begin(), before.access.end(), rule) != before.access.end();
    const std::string effect = effect_of(rule);
    if (!rule.everyone || known || effect.empty()) continue;
    out.push_back({"local.access[" + std::to_string(i) + "].everyone",
                   "from now on whoever may open the socket may " + effect +
                       "; if that is not meant, name users or groups instead",
                   false});
  }
  return out;
}

}  // namespace roombridge::local
