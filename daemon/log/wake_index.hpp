// SPDX-License-Identifier: MIT
// From event names and topics to the cursors whose subscriptions ask for them. Pure.
//
// The index only wakes: it says which cursors have to look at which records, never what they get; the filter alone
// decides that. A subscription stands under each of its topics if it names any, else under each of its event names,
// else under "everything". Appending a record marks the nodes that its names touch, at a cost that does not depend on
// the number of subscribers; collect() then visits the members of the marked nodes once.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "daemon/log/segment_ring.hpp"
#include "daemon/log/subscription.hpp"

namespace roombridge::log {

class cursor;

using unlinking_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// A cursor's place under one node; leaves it when destroyed.
struct membership : unlinking_hook {
  cursor* who = nullptr;
};

// What one name, prefix or topic stands for. Marked while it has seen records that collect() has not.
struct wake_node : unlinking_hook {
  boost::intrusive::list<membership, boost::intrusive::constant_time_size<false>> members;
  position first;     // of the oldest record since the last collect()
  sequence last = 0;  // the newest
};

class wake_index {
 public:
  // A subscription's places; give them back with remove().
  using memberships = std::unique_ptr<membership[]>;

  [[nodiscard]] memberships add(cursor& who, const subscription& what);
  void remove(const subscription& what, memberships places);

  // Marks what an event's names touch. `where` is its place in the log.
  void touch(std::string_view name, std::span<const std::string_view> topics, const position& where);

  // Marks every cursor.
  void touch_all(const position& where);

  // Calls `wake(cursor&, const position& first, sequence last)` for each member of each marked node and clears the
  // marks. A cursor under several nodes is called several times. `wake` must not change the index.
  template <class Wake>
  void collect(const Wake& wake) {
    while (!marked_.empty()) {
      wake_node& node = marked_.front();
      for (membership& member : node.members) wake(*member.who, node.first, node.last);
      marked_.pop_front();
    }
  }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using node_map = std::unordered_map<std::string, wake_node, text_hash, std::equal_to<>>;

  // The patterns over one kind of text.
  struct table {
    node_map exact;
    node_map prefixes;
    std::map<std::size_t, std::size_t> lengths;  // of the prefixes, and how many have it

    wake_node& node_for(std::string_view pattern);
    void release(std::string_view pattern);
    template <class Mark>
    void for_each_match(std::string_view text, const Mark& mark);
  };

  [[nodiscard]] table* table_of(const subscription& what, const std::vector<std::string>*& patterns);
  void mark(wake_node& node, const position& where);

  table events_;
  table topics_;
  wake_node everything_;
  wake_node all_;  // every subscription, for upstream gaps
  boost::intrusive::list<wake_node, boost::intrusive::constant_time_size<false>> marked_;
};

}  // namespace roombridge::log
