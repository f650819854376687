// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/auth_answers.hpp"

#include <algorithm>

namespace roombridge::upstream {

auth_answers::verdict auth_answers::on_event(bool success, bool authenticated) {
  if (!acks_.empty()) {
    // A server that acknowledges what it takes only, and refuses by the event: the oldest that is out.
    if (success) return verdict::none;
    acks_.erase(acks_.begin());
    return acks_.empty() ? verdict::refused : verdict::none;
  }
  // Nobody asked: a server that says so when a token has run out.
  if (events_due_ == 0) return !success && authenticated ? verdict::refused : verdict::none;
  // Answers come in order: while a newer question is open, this one is about a token that is no longer ours.
  if (--events_due_ > 0) return verdict::none;
  return success ? verdict::accepted : verdict::refused;
}

auth_answers::ack auth_answers::on_ack(std::uint64_t id) {
  const auto found = std::find(acks_.begin(), acks_.end(), id);
  if (found == acks_.end()) return ack::not_ours;
  acks_.erase(acks_.begin(), found + 1);
  return acks_.empty() ? ack::decides : ack::outdated;
}

}  // namespace roombridge::upstream
