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

namespace roombridge::upstream {

using room_holder = std::uint64_t;

class room_holds {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t limit = 512;  // rooms, those that linger included (PROTOCOL.md section 4)

  // False: it would be a room too many.
  [[nodiscard]] bool hold(room_holder who, std::string_view room);

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
    std::set<room_holder> holders;
    std::optional<time_point> until;  // lingers
  };
  [[nodiscard]] const std::map<std::string, entry, std::less<>>& rooms() const { return rooms_; }

 private:
  std::map<std::string, entry, std::less<>> rooms_;
  std::set<std::pair<time_point, std::string>> lingering_;  // the same, soonest first
};

}  // namespace roombridge::upstream
