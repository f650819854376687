// SPDX-License-Identifier: MIT
// What happens to the machine: networks that come up, a clock that is set, sleep.
#include <algorithm>

#include "daemon/base/duration_text.hpp"
#include "daemon/upstream/session/session.hpp"
#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {
namespace {

// Whether another network may mend it: the ways to the server, and those who answer in its place (a portal, a proxy).
// What the server itself said no to stays as it is.
bool is_of_the_network(cause why) {
  return policy_of(why) == retry_policy::normal || why == cause::http_redirect || why == cause::http_4xx ||
         why == cause::http_not_websocket || why == cause::proxy_refused || why == cause::token_command_failed;
}

}  // namespace

void session::on_network_change(moment at) {
  if (is_of_the_network(status_.cause)) try_early(at);
}

// An interface that flaps must not make us hammer: early attempts keep the shortest delay between each other.
void session::try_early(moment at) {
  if (phase_ != phase::idle || !deadlines_[deadline::retry]) return;
  if (refused_until_ && *refused_until_ > at.now) return;  // the token's turn has not come
  time_point early = at.now;
  if (hinted_at_) early = std::max(early, *hinted_at_ + options_.reconnect.first);
  if (pause_ && pause_->until > early) {
    if (pause_->until >= *deadlines_[deadline::retry]) return;
    deadlines_[deadline::retry] = pause_->until;
    status_.next_attempt = deadlines_[deadline::retry];
    return report();
  }
  if (early >= *deadlines_[deadline::retry]) return;
  normal_.reset();
  hinted_at_ = early;
  deadlines_[deadline::retry] = early;
  if (early > at.now) {
    status_.next_attempt = deadlines_[deadline::retry];
    return report();
  }
  begin_attempt();
}

// The server's time went on while ours stood still: it waits for pongs no longer than it said, and what it was last
// heard to say is older than our clock has it.
void session::on_clock_change(std::chrono::milliseconds slept, moment at) {
  if (phase_ == phase::stopped) return;
  heard_at_ -= slept;
  for (auto* since : {&lost_at_, &left_at_, &worked_until_}) {
    if (*since) **since -= slept;
  }
  if (slept.count() == 0) return plan_refresh(at);
  if (pause_) pause_->until -= slept;
  if (phase_ == phase::idle) return try_early(at);
  if (deadlines_[deadline::ping]) *deadlines_[deadline::ping] -= slept;
  const bool dead = phase_ < phase::connected || (deadlines_[deadline::ping] && *deadlines_[deadline::ping] <= at.now);
  if (!dead) return plan_refresh(at);
  normal_.reset();
  end({cause::resumed, "the machine slept for " + duration_text(slept) + ": the connection cannot live any more"}, at,
      std::nullopt);
}

}  // namespace roombridge::upstream
