// SPDX-License-Identifier: MIT
#include "daemon/upstream/room_holds.hpp"

namespace roombridge::upstream {

bool room_holds::hold(room_holder who, std::string_view room) {
  auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    if (rooms_.size() == limit) return false;
    found = rooms_.emplace(room, entry{}).first;
  }
  if (const auto until = std::exchange(found->second.until, std::nullopt)) lingering_.erase({*until, found->first});
  found->second.holders.insert(who);
  return true;
}

bool room_holds::release(room_holder who, std::string_view room, std::optional<time_point> until) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || found->second.holders.erase(who) == 0) return false;
  if (!found->second.holders.empty()) return true;
  if (until) {
    found->second.until = until;
    lingering_.emplace(*until, found->first);
  } else {
    rooms_.erase(found);
  }
  return true;
}

void room_holds::expire(time_point now) {
  while (!lingering_.empty() && lingering_.begin()->first <= now) {
    rooms_.erase(lingering_.begin()->second);
    lingering_.erase(lingering_.begin());
  }
}

void room_holds::stop_lingering() {
  expire(time_point::max());
}

std::optional<room_holds::time_point> room_holds::next_deadline() const {
  if (lingering_.empty()) return std::nullopt;
  return lingering_.begin()->first;
}

std::size_t room_holds::holders(std::string_view room) const {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? 0 : found->second.holders.size();
}

}  // namespace roombridge::upstream
