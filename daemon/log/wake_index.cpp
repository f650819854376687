// SPDX-License-Identifier: MIT
#include "daemon/log/wake_index.hpp"

#include <algorithm>

namespace roombridge::log {
namespace {

constexpr bool is_prefix(std::string_view pattern) {
  return pattern.ends_with('*');
}
constexpr std::string_view prefix_of(std::string_view pattern) {
  return pattern.substr(0, pattern.size() - 1);
}

}  // namespace

wake_node& wake_index::table::node_for(std::string_view pattern) {
  if (!is_prefix(pattern)) return exact.try_emplace(std::string{pattern}).first->second;
  const auto [found, is_new] = prefixes.try_emplace(std::string{prefix_of(pattern)});
  if (is_new) ++lengths[found->first.size()];
  return found->second;
}

// Forgets the pattern's node if nobody stands under it any more.
void wake_index::table::release(std::string_view pattern) {
  node_map& nodes = is_prefix(pattern) ? prefixes : exact;
  const auto found = nodes.find(is_prefix(pattern) ? prefix_of(pattern) : pattern);
  if (found == nodes.end() || !found->second.members.empty()) return;
  if (is_prefix(pattern)) {
    const auto length = lengths.find(found->first.size());
    if (--length->second == 0) lengths.erase(length);
  }
  nodes.erase(found);
}

template <class Mark>
void wake_index::table::for_each_match(std::string_view text, const Mark& mark) {
  if (!exact.empty()) {
    if (const auto found = exact.find(text); found != exact.end()) mark(found->second);
  }
  for (const auto& [length, count] : lengths) {
    if (length > text.size()) return;
    if (const auto found = prefixes.find(text.substr(0, length)); found != prefixes.end()) mark(found->second);
  }
}

// The table under which the subscription stands and its patterns there; null: under everything_.
wake_index::table* wake_index::table_of(const subscription& what, const std::vector<std::string>*& patterns) {
  const bool any_topic = std::find(what.topics.begin(), what.topics.end(), "*") != what.topics.end();
  const bool topics_select = !what.topics.empty() && !(any_topic && !what.events.empty());
  patterns = topics_select ? &what.topics : &what.events;
  if (patterns->empty()) return nullptr;
  return topics_select ? &topics_ : &events_;
}

wake_index::memberships wake_index::add(cursor& who, const subscription& what) {
  const std::vector<std::string>* patterns = nullptr;
  table* const under = table_of(what, patterns);
  auto places = std::make_unique<membership[]>(1 + std::max<std::size_t>(patterns->size(), 1));
  std::size_t used = 0;
  const auto join = [&](wake_node& node) {
    places[used].who = &who;
    node.members.push_back(places[used++]);
  };
  join(all_);
  if (under == nullptr) {
    join(everything_);
  } else {
    for (const auto& pattern : *patterns) join(under->node_for(pattern));
  }
  return places;
}

void wake_index::remove(const subscription& what, memberships places) {
  places.reset();
  const std::vector<std::string>* patterns = nullptr;
  table* const under = table_of(what, patterns);
  if (under == nullptr) return;
  for (const auto& pattern : *patterns) under->release(pattern);
}

void wake_index::mark(wake_node& node, const position& where) {
  if (node.members.empty()) return;
  if (!node.is_linked()) {
    node.first = where;
    marked_.push_back(node);
  }
  node.last = where.seq;
}

void wake_index::touch(std::string_view name, std::span<const std::string_view> topics, const position& where) {
  const auto mark_node = [this, &where](wake_node& node) { mark(node, where); };
  mark_node(everything_);
  events_.for_each_match(name, mark_node);
  for (const auto topic : topics) topics_.for_each_match(topic, mark_node);
}

void wake_index::touch_all(const position& where) {
  mark(all_, where);
}

}  // namespace roombridge::log
