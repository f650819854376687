// SPDX-License-Identifier: MIT
#include "daemon/log/subscription.hpp"

#include <string_view>

#include "daemon/log/patterns.hpp"

namespace roombridge::log {

bool subscription::selects(const record& what) const {
  if (is_for_everyone(what.kind)) return true;
  if (!events.empty() && !any_matches(events, what.name)) return false;
  return topics.empty() || what.topics.any_of([this](std::string_view topic) { return any_matches(topics, topic); });
}

bool subscription::selects_as(const subscription& other) const {
  // A new member does not compile here, so that it is not forgotten.
  const auto& [my_id, my_events, my_topics, my_from] = *this;
  const auto& [their_id, their_events, their_topics, their_from] = other;
  return my_events == their_events && my_topics == their_topics;
}

std::size_t subscription::footprint() const {
  // Of a pattern: its text here and in the index, a node there and a place under it.
  constexpr std::size_t of_pattern = 192;
  std::size_t bytes = sizeof *this;
  for (const auto* patterns : {&events, &topics}) {
    for (const auto& pattern : *patterns) bytes += of_pattern + 2 * pattern.size();
  }
  return bytes;
}

}  // namespace roombridge::log
