// SPDX-License-Identifier: MIT
// A token that says when it expires is read again before, so that its successor is used before the server cuts the
// session. What it says is not verified: a wrong `exp` costs some readings.
#include <algorithm>

#include "daemon/upstream/session/jwt.hpp"
#include "daemon/upstream/session/session.hpp"

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;

// Longer waits end here: nothing is lost by an early reading, and sums of times cannot overflow.
constexpr seconds longest = std::chrono::hours{24 * 365};

}  // namespace

void session::learn_expiry() {
  status_.token_expires = token_.token ? jwt_expiry(*token_.token) : std::nullopt;
  status_.token_stale = false;
}

// At most half of what is left passes before the next reading, and never less than a second: whatever lifetime a source
// gives its tokens, it is asked a few times in each.
void session::plan_refresh(moment at) {
  deadlines_[deadline::refresh].reset();
  const auto before = std::chrono::ceil<seconds>(options_.auth.refresh_before);
  if (!status_.token_expires || before.count() == 0) return;
  const seconds left = *status_.token_expires - std::chrono::floor<seconds>(at.wall);
  const seconds wait = status_.token_stale ? before / 4 : std::max(left - before, left / 2);
  if (std::max(wait, seconds{1}) >= left) return;  // it has run out, or will soon: now the server's word counts
  deadlines_[deadline::refresh] = at.now + std::clamp(wait, seconds{1}, longest);
}

void session::miss_newer_token(moment at) {
  if (!std::exchange(status_.token_stale, true)) {
    actions_.emplace_back(action::note{"the token expires at " + in_utc(*status_.token_expires) +
                                       " and its source has no newer one yet; the server may end the session then"});
    report();
  }
  plan_refresh(at);
}

}  // namespace roombridge::upstream
