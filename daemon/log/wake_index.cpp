// SPDX-License-Identifier: MIT
#include "daemon/log/wake_index.hpp"

namespace roombridge::log {

wake_node& wake_index::table::node_for(const pattern& what) {
  if (!what.is_prefix()) return exact.try_emplace(what.text()).first->second;
  const auto [found, is_new] = prefixes.try_emplace(std::string{what.prefix()});
  if (is_new) ++lengths[found->first.size()];
  return found->second;
}

// Forgets the pattern's node if nobody stands under it any more.
void wake_index::table::release(const pattern& what) {
  node_map& nodes = what.is_prefix() ? prefixes : exact;
  const auto found = nodes.find(what.is_prefix() ? matched_text{what.prefix()} : what.exact());
  if (found == nodes.end() || !found->second.members.empty()) return;
  if (what.is_prefix()) {
    const auto length = lengths.find(found->first.size());
    if (--length->second == 0) lengths.erase(length);
  }
  nodes.erase(found);
}

template <class Mark>
void wake_index::table::for_each_match(const matched_text& text, const Mark& mark) {
  if (!exact.empty()) {
    if (const auto found = exact.find(text); found != exact.end()) mark(found->second);
  }
  for (const auto& [length, count] : lengths) {
    if (length > text.text.size()) return;
    const auto found = prefixes.find(matched_text{text.text.substr(0, length)});
    if (found != prefixes.end()) mark(found->second);
  }
}

// Topics and fields name one thing among many, event names seldom do; `*` among the topics selects nearly nothing.
wake_index::standing wake_index::standing_of(const subscription& what) {
  const bool any_topic = what.topics.has_everything();
  if (!what.topics.empty() && !any_topic) return {&topics_, &what.topics};
  if (!what.fields.empty()) return {&fields_, &what.fields.front()};
  if (!what.events.empty()) return {&events_, &what.events};
  if (any_topic) return {&topics_, &what.topics};
  return {};
}

wake_index::memberships wake_index::add(cursor& who, const subscription& what) {
  const auto [under, patterns] = standing_of(what);
  auto places = std::make_unique<membership[]>(1 + (under == nullptr ? 1 : patterns->size()));
  std::size_t used = 0;
  const auto join = [&places, &used, &who](wake_node& node) {
    places[used].who = &who;
    node.members.push_back(places[used++]);
  };
  join(all_);
  if (under == nullptr) {
    join(everything_);
  } else {
    for (const pattern& each : *patterns) join(under->node_for(each));
  }
  return places;
}

void wake_index::remove(const subscription& what, memberships places) {
  places.reset();
  const auto [under, patterns] = standing_of(what);
  if (under == nullptr) return;
  for (const pattern& each : *patterns) under->release(each);
}

void wake_index::mark(wake_node& node, const position& where) {
  if (node.members.empty()) return;
  if (!node.is_linked()) {
    node.first = where;
    marked_.push_back(node);
  }
  node.last = where.seq;
}

void wake_index::touch(const index_entry& entry, const position& where) {
  const auto mark_node = [this, &where](wake_node& node) { mark(node, where); };
  mark_node(everything_);
  events_.for_each_match(entry.name, mark_node);
  for (const auto& topic : entry.topics) topics_.for_each_match(topic, mark_node);
  for (const auto& field : entry.fields) fields_.for_each_match(field, mark_node);
}

void wake_index::touch_all(const position& where) {
  mark(all_, where);
}

}  // namespace roombridge::log
