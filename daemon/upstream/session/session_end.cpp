// SPDX-License-Identifier: MIT
// Deadlines, the one way out of a connection, and when the next attempt comes.
#include <algorithm>

#include "daemon/base/duration_text.hpp"
#include "daemon/upstream/session/session.hpp"
#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {
namespace {

// Whether the end of an authenticated session by this cause was our own wish.
bool wished(cause why) {
  const retry_policy policy = policy_of(why);
  return (policy == retry_policy::at_once && why != cause::resumed) || policy == retry_policy::never;
}

}  // namespace

void session::on_time(moment at) {
  expire_emits(at.now);
  miss_room_answers(rooms_.expire(at.now));
  adjust_rooms(at);
  if (deadlines_.take_due(deadline::send_held, at.now)) send_held();
  if (deadlines_.take_due(deadline::quiet, at.now)) reset_delays();
  if (deadlines_.take_due(deadline::step, at.now)) {
    miss_deadline(at);
  } else if (deadlines_.take_due(deadline::ping, at.now)) {
    const auto limit = engine_->ping_interval + engine_->ping_timeout;
    end({cause::ping_timeout, "no ping from the server for " + duration_text(limit) + ": the connection is dead"}, at,
        std::nullopt);
  }
  if (deadlines_.take_due(deadline::refresh, at.now)) {
    refreshing_ = true;
    actions_.emplace_back(action::read_token{});
  }
  if (!deadlines_.take_due(deadline::retry, at.now)) return;
  if (phase_ == phase::idle) {
    begin_attempt();
  } else if (phase_ == phase::connected) {
    awaits_token_ = true;
    actions_.emplace_back(action::read_token{});
  }
}

void session::miss_deadline(moment at) {
  switch (phase_) {
    case phase::opening:
      return end({cause::connect_timeout,
                  options_.url +
                      (choice_.current() == transport_kind::websocket ? " does not answer the WebSocket handshake"
                                                                      : " does not answer the first poll") +
                      " within " + duration_text(options_.connect_timeout)},
                 at, std::nullopt);
    case phase::engine:
      return end({cause::connect_timeout, "no Engine.IO open packet within " + duration_text(options_.connect_timeout) +
                                              ": is this a Socket.IO server, and is `path` right?"},
                 at, ws_close_normal);
    case phase::joining:
      return end({cause::connect_timeout,
                  "no answer to the namespace's CONNECT within " + duration_text(options_.connect_timeout)},
                 at, ws_close_normal);
    default: {
      const bool unasked = options_.auth.mode != auth_mode::event;
      return end({cause::auth_timeout,
                  (answers_.awaits_ack() ? "no acknowledgement of \"" + options_.auth.request + "\" and no \""
                                         : "neither \"" + options_.auth.success + "\" nor \"") +
                      options_.auth.error + "\" within " + duration_text(options_.auth.timeout) +
                      (unasked ? "; for a server that sends neither, auth.identity is claims or none" : "")},
                 at, ws_close_normal);
    }
  }
}

std::optional<session::time_point> session::next_deadline() const {
  std::optional<time_point> out = deadlines_.soonest();
  for (const auto& other : {rooms_.next_deadline(), held_.next_deadline(), pending_.next_deadline()}) {
    if (other && (!out || *other < *out)) out = other;
  }
  return out;
}

// The one way out of a connection, an attempt or a wait.
void session::end(const failure& told, moment at, std::optional<std::uint16_t> code) {
  const std::string_view next_transport = choose_transport(told.why);
  // How one transport is refused says nothing of the others, unless all are.
  const bool refused_alone = !next_transport.empty() && policy_of(status_.cause) == retry_policy::normal;
  const failure why = blame({told.why, cleared(told.text) + note_pause(told, at) + std::string(next_transport)});
  const bool socket_open = phase_ > phase::opening;
  leave_authenticated(told.why, at);
  forget_connection(why);
  if (pause_ && pause_->until > at.now) pause_->why = why;
  recovery_.on_end(told.why);
  if (phase_ > phase::idle) actions_.emplace_back(action::close{socket_open ? code : std::nullopt});
  phase_ = phase::idle;
  status_.state = state::offline;
  status_.transport.reset();
  schedule(why, refused_alone ? retry_policy::normal : policy_for(why.why, at), at);
  report();
  if (policy_of(why.why) == retry_policy::at_once) begin_attempt();
}

// Decides over the next attempt's, and says so.
std::string_view session::choose_transport(cause why) {
  if (phase_ >= phase::connected) {
    // Where nothing but a new session leads back to the first choice.
    if (status_.transport == transport_kind::polling && !engine_->offers_websocket) choice_.start_over();
    return {};
  }
  if (phase_ < phase::opening) return {};
  ++fruitless_;
  if (!may_be_the_transports(why) || !choice_.pass_on()) return {};
  return choice_.current() == transport_kind::polling ? " (HTTP long-polling is tried next)"
                                                      : " (WebSocket is tried next)";
}

void session::forget_connection(const failure& why) {
  fail_emits(why.text);
  forget_identity();
  engine_.reset();
  hidden_->set(secrets::kind::engine_session, {});
  answers_ = {};
  deadlines_ = {};
  blamed_ = false;
  token_sent_ = false;
  awaits_token_ = false;
  refreshing_ = false;
}

// Notes that the server asks to be left alone, and says so.
std::string session::note_pause(const failure& told, moment at) {
  if (!told.retry_after) return {};
  const milliseconds wanted = length_of(*told.retry_after, std::chrono::floor<std::chrono::seconds>(at.wall));
  const milliseconds most = options_.reconnect.retry_after_max;
  if (wanted.count() == 0 || most.count() == 0) return {};
  // A fleet that was told the same time must not come back in step.
  const milliseconds apart{
      static_cast<milliseconds::rep>(at.random % static_cast<std::uint64_t>(options_.reconnect.max.count() + 1))};
  pause_ = {at.now + std::min(wanted, most) + apart, {}};
  std::string text = "; it wants to be left alone for " + duration_text(wanted) + " (Retry-After)";
  if (wanted > most) text += ", and is for " + duration_text(most) + " (upstream.reconnect.retry_after_max)";
  return text;
}

// Whatever would have an attempt now waits for the end of the pause: another network, config or token do not make the
// server any less busy.
bool session::keep_pause(moment at) {
  if (!pause_ || pause_->until <= at.now) return false;
  deadlines_[deadline::retry] = pause_->until;
  explain(pause_->why);
  status_.next_attempt = deadlines_[deadline::retry];
  report();
  return true;
}

// A server that worked a short while ago is more likely being replaced than gone for good.
retry_policy session::policy_for(cause why, moment at) const {
  const bool worked = worked_until_ && at.now - *worked_until_ < options_.reconnect.redeploy;
  const bool told = pause_ && pause_->until > at.now;  // and knows by itself when to be asked
  return may_be_a_redeploy(why) && (worked || told) ? retry_policy::normal : policy_of(why);
}

void session::schedule(const failure& why, retry_policy policy, moment at) {
  switch (policy) {
    case retry_policy::normal:
      deadlines_[deadline::retry] = at.now + normal_.next(at.random);
      break;
    case retry_policy::slow:
      deadlines_[deadline::retry] = at.now + slow_.next(at.random);
      break;
    case retry_policy::never:
      // The token is looked for again without an attempt: watching may be impossible where it comes from.
      if (!token_.token && why.why != cause::shutdown) deadlines_[deadline::retry] = at.now + options_.reconnect.max;
      break;
    case retry_policy::at_once:
      break;
  }
  if (deadlines_[deadline::retry] && pause_)
    deadlines_[deadline::retry] = std::max(*deadlines_[deadline::retry], pause_->until);
  const bool still_refused = refused_ && token_.token == refused_ && refused_until_;
  if (deadlines_[deadline::retry] && still_refused)
    deadlines_[deadline::retry] = std::max(*deadlines_[deadline::retry], *refused_until_);
  status_.next_attempt = policy == retry_policy::never ? std::nullopt : deadlines_[deadline::retry];
}

// Notes since when a session that was authenticated may have missed something: whoever ends the connection, it may have
// been dead for a while, and all that is certain is what was heard.
void session::leave_authenticated(cause why, moment at) {
  left_at_.reset();
  if (!std::exchange(live_, false)) return;
  lost_at_ = heard_at_;
  left_at_ = worked_until_ = at.now;
  if (!wished(why)) ++counters_.outages;
}

void session::on_close_answered() {
  recovery_.on_close_answered();
  if (left_at_) lost_at_ = std::exchange(left_at_, std::nullopt);
}

void session::reset_delays() {
  normal_.reset();
  slow_.reset();
  refusals_.reset();
  refused_.reset();
  refused_until_.reset();
}

}  // namespace roombridge::upstream
