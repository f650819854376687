// SPDX-License-Identifier: MIT
// Events of local programs that wait for the connection, where the config lets events of their name wait. Pure.
//
// Invariants: what hold() has taken leaves exactly once, by expire(), take_revoked() or take_all(), which keeps the
// order in which it came. A rule's bounds are each user's own; `limit` is for all together, so that what was held goes
// out at once, and users share it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/upstream/emit.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

struct held_emit {
  std::uint64_t id = 0;
  std::string event;
  std::string arguments;
  std::vector<std::vector<std::byte>> attachments;
  bool want_ack = false;
  std::chrono::steady_clock::time_point deadline;  // of the acknowledgement, too
  share_holder sender;                             // likewise
  std::function<bool()> permitted;                 // see emit_request
};

class held_emits {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t limit = 4u << 20;  // bytes
  static constexpr std::size_t overhead = 256;    // bytes that each event counts beside what it holds

  // What is held already stays.
  void configure(std::vector<hold_rule> rules) { rules_ = std::move(rules); }
  [[nodiscard]] bool allows(std::string_view event) const { return rule_of(event) != nullptr; }

  // Its id; nothing: it would pass a bound. Precondition: allows() its name.
  [[nodiscard]] std::optional<std::uint64_t> hold(const emit_request& request, time_point now);

  // Those whose time is over.
  [[nodiscard]] std::vector<held_emit> expire(time_point now);
  // Those that are not permitted any more.
  [[nodiscard]] std::vector<held_emit> take_revoked();
  [[nodiscard]] std::vector<held_emit> take_all();
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  [[nodiscard]] std::size_t count() const { return held_.size(); }

 private:
  struct usage {
    std::size_t count = 0;
    std::size_t bytes = 0;
  };
  struct entry {
    held_emit what;
    time_point until;
  };

  [[nodiscard]] const hold_rule* rule_of(std::string_view event) const;
  [[nodiscard]] held_emit take(std::uint64_t id);

  std::vector<hold_rule> rules_;
  std::map<std::uint64_t, entry> held_;
  std::set<std::pair<time_point, std::uint64_t>> by_deadline_;
  std::map<std::pair<std::string, std::uint64_t>, usage> used_;  // by event and user
  fair_shares shares_;                                           // of `limit`
  std::uint64_t last_id_ = 0;
};

}  // namespace roombridge::upstream
