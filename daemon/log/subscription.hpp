// SPDX-License-Identifier: MIT
// One SUBSCRIBE's filter (PROTOCOL.md section 4): which records it matches. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/log/patterns.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::log {

struct subscription {
  std::uint64_t id = 0;
  pattern_list events{};               // empty: every event
  pattern_list topics{};               // empty: every event, also one without topics
  std::vector<pattern_list> fields{};  // of each list one; each is the texts "name=value" of one field, and not empty
  sequence from = 1;                   // older records do not match

  // Whether it is for `what`, whenever that came. What is_for_everyone() matches every subscription.
  [[nodiscard]] bool selects(const record& what) const;
  // Whether it matches `what`: is for it, and not younger.
  [[nodiscard]] bool matches(const record& what) const { return what.seq >= from && selects(what); }

  // Whether it selects what `other` does, because it says the same.
  [[nodiscard]] bool selects_as(const subscription& other) const;

  // What is compared with a record at most, for each of its texts; at least 1.
  [[nodiscard]] std::size_t conditions() const;

  // Bytes that it takes, its places in the index included; about.
  [[nodiscard]] std::size_t footprint() const;
};

}  // namespace roombridge::log
