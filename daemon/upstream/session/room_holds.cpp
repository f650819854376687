// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/room_holds.hpp"

#include <algorithm>

namespace roombridge::upstream {

bool room_holds::hold(room_holder who, std::string_view room, share_holder user) {
  auto found = rooms_.find(room);
  const bool is_new = found == rooms_.end() || found->second.holders.empty();
  const bool counted = found != rooms_.end() && found->second.counts_for == user.user;
  if (is_new && !counted && !shares_.fits(limit, user, 1)) return false;
  if (found == rooms_.end()) {
    found = rooms_.emplace(room, entry{.holders = {}, .counts_for = user.user, .until = {}}).first;
    shares_.take(user.user, 1);
  } else if (is_new) {
    count_for(found->second, user.user);
  }
  if (const auto until = std::exchange(found->second.until, std::nullopt)) lingering_.erase({*until, found->first});
  found->second.holders.emplace(who, user.user);
  return true;
}

void room_holds::count_for(entry& room, std::uint64_t user) {
  shares_.give_back(std::exchange(room.counts_for, user), 1);
  shares_.take(user, 1);
}

bool room_holds::release(room_holder who, std::string_view room, std::optional<time_point> until) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || found->second.holders.erase(who) == 0) return false;
  auto& holders = found->second.holders;
  if (!holders.empty()) {
    const bool stays = std::any_of(holders.begin(), holders.end(),
                                   [&](const auto& one) { return one.second == found->second.counts_for; });
    if (!stays) count_for(found->second, holders.begin()->second);
    return true;
  }
  if (until) {
    found->second.until = until;
    lingering_.emplace(*until, found->first);
  } else {
    erase(found);
  }
  return true;
}

void room_holds::erase(entries::iterator room) {
  shares_.give_back(room->second.counts_for, 1);
  rooms_.erase(room);
}

void room_holds::expire(time_point now) {
  while (!lingering_.empty() && lingering_.begin()->first <= now) {
    erase(rooms_.find(lingering_.begin()->second));
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
