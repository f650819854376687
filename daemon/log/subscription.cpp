// SPDX-License-Identifier: MIT
#include "daemon/log/subscription.hpp"

#include <algorithm>

namespace roombridge::log {
namespace {

std::size_t footprint_of(const pattern_list& patterns) {
  // Of a pattern beside its text, which is here and in the index: the pattern, a node there and a place under it, with
  // what the heap adds.
  constexpr std::size_t of_pattern = 232;
  std::size_t bytes = 0;
  for (const pattern& each : patterns) bytes += of_pattern + 2 * each.text().size();
  return bytes;
}

}  // namespace

bool subscription::selects(const record& what) const {
  if (is_for_everyone(what.kind)) return true;
  if (!events.empty() && !events.matches(what.matched_name())) return false;
  if (!topics.empty() && !topics.matches(what.topics)) return false;
  return std::all_of(fields.begin(), fields.end(),
                     [&what](const pattern_list& values) { return values.matches(what.fields); });
}

bool subscription::selects_as(const subscription& other) const {
  // A new member does not compile here, so that it is not forgotten.
  const auto& [my_id, my_events, my_topics, my_fields, my_from] = *this;
  const auto& [their_id, their_events, their_topics, their_fields, their_from] = other;
  return my_events == their_events && my_topics == their_topics && my_fields == their_fields;
}

std::size_t subscription::conditions() const {
  std::size_t count = 1 + events.size() + topics.size();
  for (const pattern_list& values : fields) count += values.size();
  return count;
}

std::size_t subscription::footprint() const {
  std::size_t bytes = sizeof *this + footprint_of(events) + footprint_of(topics);
  for (const pattern_list& values : fields) bytes += sizeof values + footprint_of(values);
  return bytes;
}

}  // namespace roombridge::log
