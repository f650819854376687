// SPDX-License-Identifier: MIT
// Which processes hold a room, by user: kept as it changes, so that telling it walks over no connections. Pure.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace roombridge::local {

// Whose programs somebody may know of: this user's; nothing: everybody's.
using sight = std::optional<uid_t>;

class room_holders {
 public:
  struct held {
    std::size_t holders = 0;         // connections
    std::vector<std::int64_t> pids;  // of some of them
  };

  // Each add() is one connection's, and is taken back by one remove().
  void add(const std::string& room, uid_t user, pid_t process) { rooms_[room][user].insert(process); }

  void remove(const std::string& room, uid_t user, pid_t process) {
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return;
    const auto of_user = found->second.find(user);
    if (of_user == found->second.end()) return;
    if (const auto one = of_user->second.find(process); one != of_user->second.end()) of_user->second.erase(one);
    if (of_user->second.empty()) found->second.erase(of_user);
    if (found->second.empty()) rooms_.erase(found);
  }

  // As `whom` sees it, with at most `most` processes.
  [[nodiscard]] held of(const std::string& room, const sight& whom, std::size_t most) const {
    held out;
    const auto found = rooms_.find(room);
    if (found == rooms_.end()) return out;
    const auto add_user = [&out, most](const std::multiset<pid_t>& processes) {
      out.holders += processes.size();
      for (const pid_t each : processes) {
        if (out.pids.size() == most) break;
        out.pids.push_back(each);
      }
    };
    if (!whom) {
      for (const auto& [user, processes] : found->second) add_user(processes);
    } else if (const auto own = found->second.find(*whom); own != found->second.end()) {
      add_user(own->second);
    }
    return out;
  }

 private:
  std::map<std::string, std::map<uid_t, std::multiset<pid_t>>> rooms_;
};

}  // namespace roombridge::local
