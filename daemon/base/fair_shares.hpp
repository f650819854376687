// SPDX-License-Identifier: MIT
// Divides a bounded amount (emits, rooms, bytes) among users, so that however many come, and whatever they take, there
// is something left for the next one. Pure.
//
// Who takes more must leave free what it then holds, once for each user that then holds something. So with n users at
// least 1/(n + 1) of the whole is free, and one more user gets at least 1/((n + 1)(n + 2)) of the whole; a user that is
// alone gets half. Nothing is taken away from a user whose share has become smaller: it gets no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace roombridge {

// Whose share it is.
struct share_holder {
  std::uint64_t user = 0;
  bool privileged = false;  // who looks after the daemon gets all that is free
};

class fair_shares {
 public:
  // Whether the holder may have so much more of `whole`. It may change from call to call.
  [[nodiscard]] bool fits(std::size_t whole, share_holder who, std::size_t amount) const {
    const std::size_t free = whole > total_ ? whole - total_ : 0;
    if (amount > free) return false;
    if (who.privileged) return true;
    const std::size_t held = of(who.user);
    const std::size_t users = held_.size() + (held == 0 ? 1 : 0);
    return (held + amount) * users <= free - amount;
  }

  // Whatever fits() says.
  void take(std::uint64_t user, std::size_t amount) {
    if (amount == 0) return;
    held_[user] += amount;
    total_ += amount;
  }

  // Precondition: the user has taken as much.
  void give_back(std::uint64_t user, std::size_t amount) {
    if (amount == 0) return;
    const auto found = held_.find(user);
    found->second -= amount;
    total_ -= amount;
    if (found->second == 0) held_.erase(found);
  }

  void give_back_all() {
    held_.clear();
    total_ = 0;
  }

  // Where fits() says no, in words; `what`: "rooms".
  [[nodiscard]] std::string objection(std::size_t whole, share_holder who, std::string_view what) const {
    return "this user has " + std::to_string(of(who.user)) + " of the " + std::to_string(whole) + ' ' +
           std::string{what} + " that all users share, which is all that it may have at present";
  }

  [[nodiscard]] std::size_t of(std::uint64_t user) const {
    const auto found = held_.find(user);
    return found == held_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::size_t total() const { return total_; }

 private:
  std::map<std::uint64_t, std::size_t> held_;  // nothing of it is 0
  std::size_t total_ = 0;
};

}  // namespace roombridge
