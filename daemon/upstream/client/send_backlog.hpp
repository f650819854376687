// SPDX-License-Identifier: MIT
// Whose the bytes are that wait for the network, in the order in which they leave. Pure.
//
// What the session itself sends is in no account, so an account may be told of its end a little later than it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "daemon/base/fair_shares.hpp"

namespace roombridge::upstream {

class send_backlog {
 public:
  // So much waits now, and that is less than what has been added when something has left.
  void settle(std::size_t queued) {
    while (!parts_.empty() && shares_.total() > queued) {
      shares_.give_back(parts_.front().user, parts_.front().bytes);
      parts_.pop_front();
    }
  }

  void add(std::uint64_t user, std::size_t bytes) {
    shares_.take(user, bytes);
    parts_.push_back({user, bytes});
  }

  // Whether the user may send so much more. Somebody of whom nothing waits may send anything.
  [[nodiscard]] bool takes(std::size_t whole, share_holder who, std::size_t bytes) const {
    return shares_.of(who.user) == 0 || shares_.fits(whole, who, bytes);
  }

  [[nodiscard]] const fair_shares& shares() const { return shares_; }

 private:
  struct part {
    std::uint64_t user;
    std::size_t bytes;
  };
  std::deque<part> parts_;
  fair_shares shares_;
};

}  // namespace roombridge::upstream
