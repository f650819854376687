// SPDX-License-Identifier: MIT
// Which rooms local programs hold. A program is a number that means nothing here; holding twice is holding once. A room
// that the last one has let go of may linger, so that a program that restarts does not make the server busy. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/fair_shares.hpp"

namespace roombridge::upstream {

using room_holder = std::uint64_t;

class room_holds {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // Rooms, those that linger included (PROTOCOL.md section 4). Users share them: a room counts for the user who has
  // brought it in, and when that one has let go for another who holds it.
  static constexpr std::size_t limit = 512;

  // False: it would be a room too many for this user.
  [[nodiscard]] bool hold(room_holder who, std::string_view room, share_holder user = {});
  [[nodiscard]] const fair_shares& shares() const { return shares_; }

  // False: `who` does not hold it. `until`: how long the room lingers if that was the last one; nothing: not at all.
  bool release(room_holder who, std::string_view room, std::optional<time_point> until);

  // Forgets the rooms that have lingered long enough.
  void expire(time_point now);
  void stop_lingering();
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  // Whether it is held, or lingers.
  [[nodiscard]] bool has(std::string_view room) const { return rooms_.find(room) != rooms_.end(); }
  [[nodiscard]] std::size_t holders(std::string_view room) const;

  struct entry {
    std::map<room_holder, std::uint64_t> holders;  // and whose program it is
    std::uint64_t counts_for = 0;                  // this user
    std::optional<time_point> until;               // lingers
  };
  [[nodiscard]] const std::map<std::string, entry, std::less<>>& rooms() const { return rooms_; }

 private:
  using entries = std::map<std::string, entry, std::less<>>;
  void count_for(entry& room, std::uint64_t user);
  void erase(entries::iterator room);

  entries rooms_;
  fair_shares shares_;
  std::set<std::pair<time_point, std::string>> lingering_;  // the same, soonest first
};

}  // namespace roombridge::upstream
