// SPDX-License-Identifier: MIT
// From event names, topics and fields to the cursors whose subscriptions ask for them. Pure.
//
// The index only wakes: it says which cursors have to look at which records, never what they get; the filter alone
// decides that. A subscription stands under each of its topics if they select, else under each of the values of the
// first of its fields, else under each of its event names, else under "everything". Appending a record marks the nodes
// that its names touch, at a cost that does not depend on the number of subscribers; collect() then visits the members
// of the marked nodes once.
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

// What one name, topic or field, or a prefix of them, stands for. Marked while it has seen records that collect() has
// not.
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
  void touch(const index_entry& entry, const position& where);

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
    std::size_t operator()(const std::string& text) const { return matched_text{text}.hash; }
    std::size_t operator()(const matched_text& text) const { return text.hash; }
  };
  struct same_text {
    using is_transparent = void;
    bool operator()(const std::string& some, const std::string& other) const { return some == other; }
    bool operator()(const matched_text& some, const std::string& other) const { return some.text == other; }
    bool operator()(const std::string& some, const matched_text& other) const { return some == other.text; }
  };
  using node_map = std::unordered_map<std::string, wake_node, text_hash, same_text>;

  // The patterns over one kind of text.
  struct table {
    node_map exact;
    node_map prefixes;
    std::map<std::size_t, std::size_t> lengths;  // of the prefixes, and how many have it

    wake_node& node_for(const pattern& what);
    void release(const pattern& what);
    template <class Mark>
    void for_each_match(const matched_text& text, const Mark& mark);
  };

  // The table under which a subscription stands and its patterns there.
  struct standing {
    table* under = nullptr;  // null: under everything_
    const pattern_list* patterns = nullptr;
  };
  [[nodiscard]] standing standing_of(const subscription& what);
  void mark(wake_node& node, const position& where);

  table events_;
  table topics_;
  table fields_;
  wake_node everything_;
  wake_node all_;  // every subscription, for upstream gaps
  boost::intrusive::list<wake_node, boost::intrusive::constant_time_size<false>> marked_;
};

}  // namespace roombridge::log
