// SPDX-License-Identifier: MIT
// Who works next, and how long, where many want to: the users in turn, and of each user its members (connections) in
// turn. Deficit round robin over counted work (work.hpp). Pure.
//
// Invariants: between two services of a user each other user that waits gets at most one quantum and what its last
// service went beyond it, which it pays back with its next ones. One run() does as much as a turn of the event loop
// may; what is left waits in its place. So whoever begins to wait is served after at most one turn, a quantum of each
// other user that waits, and one service that goes beyond it. Nothing is saved up by who has nothing to do.
#pragma once

#include <algorithm>
#include <cstdint>

#include <boost/intrusive/list.hpp>

namespace roombridge::local {

namespace turn_hooks {
using automatic = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using constant = boost::intrusive::constant_time_size<false>;
}  // namespace turn_hooks

class turn_user;

// Waits in its user's queue while it is linked; leaves it when destroyed.
class turn_member : public turn_hooks::automatic {
 public:
  // `user` outlives this.
  explicit turn_member(turn_user& user) : user_(user) {}

 private:
  friend class turns;
  turn_user& user_;
};

class turn_user : public turn_hooks::automatic {
 private:
  friend class turns;
  boost::intrusive::list<turn_member, turn_hooks::constant> waiting_;
  std::int64_t credit_ = 0;  // units; below 0: it owes them
};

// In units of work.
struct turn_limits {
  std::int64_t turn = 1'000'000;
  std::int64_t user = 250'000;
  std::int64_t member = 100'000;
};

class turns {
 public:
  explicit turns(const turn_limits& limits = {}) : limits_(limits) {}

  // Behind those of its user that wait already; nothing changes if it does.
  void add(turn_member& who) {
    if (who.is_linked()) return;
    who.user_.waiting_.push_back(who);
    if (!who.user_.is_linked()) users_.push_back(who.user_);
  }

  [[nodiscard]] bool empty() const {
    return std::all_of(users_.begin(), users_.end(), [](const turn_user& each) { return each.waiting_.empty(); });
  }

  // Calls `serve(turn_member&, std::int64_t allowed)`, which returns the units that it has spent, about `allowed` at
  // most, for one after the other until nobody waits or a turn's work is done. It may add members, also the one that it
  // serves, and destroy none.
  template <class Serve>
  void run(const Serve& serve) {
    std::int64_t left = limits_.turn;
    while (left > 0 && !users_.empty()) {
      turn_user& user = users_.front();
      users_.pop_front();
      user.credit_ = std::min(user.credit_ + limits_.user, limits_.user);
      while (left > 0 && user.credit_ > 0 && !user.waiting_.empty()) {
        turn_member& who = user.waiting_.front();
        user.waiting_.pop_front();
        const std::int64_t spent = serve(who, limits_.member);
        user.credit_ -= spent;
        left -= spent;
      }
      if (user.waiting_.empty()) {
        user.credit_ = std::min<std::int64_t>(user.credit_, 0);
      } else if (!user.is_linked()) {
        users_.push_back(user);
      }
    }
  }

 private:
  turn_limits limits_;
  boost::intrusive::list<turn_user, turn_hooks::constant> users_;  // who has members that wait, or had them lately
};

}  // namespace roombridge::local
