// SPDX-License-Identifier: MIT
// Emits that were sent and wait for the server's acknowledgement. Users share how many there may be. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "daemon/base/fair_shares.hpp"

namespace roombridge::upstream {

class pending_emits {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t most = 16'384;  // of all users

  // Why this user may not have one more, in words; nothing: it may. Whoever asked may be gone long before the deadline:
  // what it asked for still waits here.
  [[nodiscard]] std::optional<std::string> objection_to_another(share_holder user) const;

  // Precondition: the id is new.
  void add(std::uint64_t id, std::uint64_t user, time_point deadline);
  // It was acknowledged, or is given up; false: there is none of this id.
  bool take(std::uint64_t id);

  // Takes those whose deadline has passed; the soonest first.
  [[nodiscard]] std::vector<std::uint64_t> take_expired(time_point now);
  [[nodiscard]] std::vector<std::uint64_t> take_all();
  [[nodiscard]] std::optional<time_point> next_deadline() const;

 private:
  struct entry {
    time_point deadline;
    std::uint64_t user;
  };
  std::map<std::uint64_t, entry> entries_;                      // by id
  std::set<std::pair<time_point, std::uint64_t>> by_deadline_;  // the same, the soonest first
  fair_shares shares_;                                          // of `most`
};

}  // namespace roombridge::upstream
