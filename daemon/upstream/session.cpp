// SPDX-License-Identifier: MIT
// The connection's life: attempts, packets that open and end it, deadlines, delays.
#include "daemon/upstream/session.hpp"

#include <algorithm>
#include <cassert>

#include "daemon/upstream/ws_frame.hpp"

namespace roombridge::upstream {
namespace {

std::string in_seconds(std::chrono::milliseconds value) {
  const auto tenths = value.count() / 100;
  std::string out = std::to_string(tenths / 10);
  if (tenths % 10 != 0) out += '.' + std::to_string(tenths % 10);
  return out + " s";
}

// Whether the end of an authenticated session by this cause was our own wish.
bool wished(cause why) {
  return policy_of(why) == retry_policy::at_once || policy_of(why) == retry_policy::never;
}

bool needs_new_connection(const options& before, const options& after) {
  auth_options auth = before.auth;
  auth.timeout = after.auth.timeout;
  return before.url != after.url || before.path != after.path || before.nsp != after.nsp || before.tls != after.tls ||
         auth != after.auth;
}

}  // namespace

std::string_view to_string(state value) {
  switch (value) {
    case state::offline:
      return "offline";
    case state::connecting:
      return "connecting";
    case state::connected:
      return "connected";
    case state::authenticating:
      return "authenticating";
    case state::authenticated:
      return "authenticated";
  }
  return "";
}

session::session(options initial)
    : options_(std::move(initial)),
      normal_(options_.reconnect.first, options_.reconnect.max),
      slow_(options_.reconnect.first, std::max(options_.reconnect.max, options_.reconnect.refused_max)),
      refusals_(options_.reconnect.first, std::max(options_.reconnect.max, options_.reconnect.refused_max)) {}

void session::start(moment at) {
  assert(phase_ == phase::stopped);
  (void)at;
  phase_ = phase::idle;
  begin_attempt();
}

void session::stop(moment at) {
  if (phase_ == phase::stopped) return;
  end({cause::shutdown, "the daemon stops"}, at, ws_close_normal);
  phase_ = phase::stopped;
}

void session::reconnect(moment at) {
  if (phase_ == phase::stopped) return;
  reset_delays();
  if (phase_ == phase::idle) {
    begin_attempt();
  } else {
    end({cause::reconnect_requested, "a new connection was asked for"}, at, ws_close_normal);
  }
}

void session::reconfigure(options changed, moment at) {
  const bool anew = needs_new_connection(options_, changed);
  room_options old_rooms = options_.rooms;
  old_rooms.declared = changed.rooms.declared;
  const bool rejoin = old_rooms != changed.rooms;
  if (phase_ == phase::authenticated && !anew && rejoin) leave_rooms();  // in the old words
  options_ = std::move(changed);
  const auto& delays = options_.reconnect;
  normal_.configure(delays.first, delays.max);
  slow_.configure(delays.first, std::max(delays.max, delays.refused_max));
  refusals_.configure(delays.first, std::max(delays.max, delays.refused_max));
  if (phase_ == phase::authenticated && !anew) join_rooms();
  if (!anew || phase_ == phase::stopped) return;
  reset_delays();
  if (phase_ == phase::idle) {
    begin_attempt();
  } else {
    end({cause::reconfigured, "the changed config needs a new connection"}, at, ws_close_normal);
  }
}

void session::begin_attempt() {
  assert(phase_ == phase::idle);
  retry_at_.reset();
  awaits_token_ = true;
  actions_.emplace_back(action::read_token{});
}

void session::connect(moment at) {
  ++counters_.attempts;
  counted_ = false;
  retry_at_.reset();
  step_deadline_ = at.now + options_.connect_timeout;
  enter(phase::opening, state::connecting);
  actions_.emplace_back(action::connect{});
}

void session::on_transport_open(moment at) {
  (void)at;
  if (phase_ == phase::opening) phase_ = phase::engine;
}

void session::on_transport_end(failure why, moment at, std::optional<std::uint16_t> code) {
  if (phase_ > phase::idle) end(std::move(why), at, code);
}

void session::on_engine_packet(const engineio::packet& packet, moment at) {
  if (phase_ < phase::engine) return;
  switch (packet.type) {
    case engineio::packet_type::open:
      if (phase_ == phase::engine) open_engine(packet.data, at);
      return;
    case engineio::packet_type::ping:
      if (!engine_) return;
      send(engineio::packet_type::pong, packet.data);
      ping_deadline_ = at.now + engine_->ping_interval + engine_->ping_timeout;
      return;
    case engineio::packet_type::close:
      end({cause::server_closed, "the server closed the Engine.IO session"}, at, ws_close_normal);
      return;
    default:
      return;
  }
}

void session::open_engine(std::string_view data, moment at) {
  auto parsed = engineio::parse_open(data);
  if (!parsed) {
    std::string words = "the server's Engine.IO open packet cannot be used: ";
    end({cause::protocol_error, words + std::string(engineio::to_string(parsed.error()))}, at, ws_close_protocol_error);
    return;
  }
  engine_ = std::move(*parsed);
  ping_deadline_ = at.now + engine_->ping_interval + engine_->ping_timeout;
  phase_ = phase::joining;
  std::string text;
  socketio::append_connect(text, options_.nsp);
  send(engineio::packet_type::message, text);
}

void session::on_packet(const socketio::packet& packet, moment at) {
  if (phase_ < phase::joining || packet.nsp != options_.nsp) return;
  switch (packet.type) {
    case socketio::packet_type::connect:
      if (phase_ != phase::joining) return;
      if (const auto reply = socketio::parse_connect_reply(packet.data); !reply) {
        const bool old = reply.error() == socketio::error::reply_without_sid;
        end({old ? cause::engine_io_3 : cause::protocol_error,
             "the server's answer to CONNECT cannot be used: " + std::string(socketio::to_string(reply.error()))},
            at, ws_close_protocol_error);
        return;
      }
      step_deadline_.reset();
      enter(phase::connected, state::connected);
      authenticate(at);
      return;
    case socketio::packet_type::connect_error:
      if (phase_ == phase::joining) refuse_namespace(packet.data, at);
      return;
    case socketio::packet_type::disconnect:
      end({cause::kicked, "the server ended our Socket.IO session (DISCONNECT)"}, at, ws_close_normal);
      return;
    default:
      return;
  }
}

void session::refuse_namespace(std::string_view data, moment at) {
  std::string words = "the server refused the namespace \"" + options_.nsp + '"';
  if (const auto refusal = socketio::parse_connect_refusal(data); refusal && !refusal->message.empty()) {
    words += ": \"" + printable(refusal->message, 200) + '"';
  }
  end({cause::namespace_refused, words}, at, ws_close_normal);
}

void session::on_time(moment at) {
  expire_emits(at.now);
  if (quiet_at_ && *quiet_at_ <= at.now) {
    quiet_at_.reset();
    reset_delays();
  }
  if (step_deadline_ && *step_deadline_ <= at.now) {
    miss_deadline(at);
  } else if (ping_deadline_ && *ping_deadline_ <= at.now) {
    const auto limit = engine_->ping_interval + engine_->ping_timeout;
    end({cause::ping_timeout, "no ping from the server for " + in_seconds(limit) + ": the connection is dead"}, at,
        std::nullopt);
  }
  if (!retry_at_ || *retry_at_ > at.now) return;
  retry_at_.reset();
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
      return end({cause::connect_timeout, "no WebSocket within " + in_seconds(options_.connect_timeout)}, at,
                 std::nullopt);
    case phase::engine:
      return end({cause::connect_timeout, "no Engine.IO open packet within " + in_seconds(options_.connect_timeout) +
                                              ": is this a Socket.IO server, and is `path` right?"},
                 at, ws_close_normal);
    case phase::joining:
      return end({cause::connect_timeout,
                  "no answer to the namespace's CONNECT within " + in_seconds(options_.connect_timeout)},
                 at, ws_close_normal);
    default:
      return end({cause::auth_timeout, "neither \"" + options_.auth.success + "\" nor \"" + options_.auth.error +
                                           "\" within " + in_seconds(options_.auth.timeout)},
                 at, ws_close_normal);
  }
}

std::optional<session::time_point> session::next_deadline() const {
  std::optional<time_point> soonest;
  for (const auto& candidate : {step_deadline_, ping_deadline_, retry_at_, quiet_at_}) {
    if (candidate && (!soonest || *candidate < *soonest)) soonest = candidate;
  }
  if (!by_deadline_.empty() && (!soonest || by_deadline_.begin()->first < *soonest))
    soonest = by_deadline_.begin()->first;
  return soonest;
}

// The one way out of a connection, an attempt or a wait.
void session::end(failure why, moment at, std::optional<std::uint16_t> code) {
  const bool socket_open = phase_ > phase::opening;
  leave_authenticated(why.why, at);
  forget_connection(why);
  if (phase_ > phase::idle) actions_.emplace_back(action::close{socket_open ? code : std::nullopt});
  phase_ = phase::idle;
  status_.state = state::offline;
  explain(why);
  schedule(why, at);
  report();
  if (policy_of(why.why) == retry_policy::at_once) begin_attempt();
}

void session::forget_connection(const failure& why) {
  fail_emits(why.text);
  joined_.clear();
  identity_ = {};
  engine_.reset();
  answers_due_ = 0;
  awaits_token_ = false;
  step_deadline_.reset();
  ping_deadline_.reset();
  quiet_at_.reset();
  retry_at_.reset();
}

void session::schedule(const failure& why, moment at) {
  switch (policy_of(why.why)) {
    case retry_policy::normal:
      retry_at_ = at.now + normal_.next(at.random);
      break;
    case retry_policy::slow:
      retry_at_ = at.now + slow_.next(at.random);
      break;
    case retry_policy::never:
      // The token is looked for again without an attempt: watching may be impossible where it comes from.
      if (!token_.token && why.why != cause::shutdown) retry_at_ = at.now + options_.reconnect.max;
      break;
    case retry_policy::at_once:
      break;
  }
  const bool still_refused = refused_ && token_.token == refused_ && refused_until_;
  if (retry_at_ && still_refused) retry_at_ = std::max(*retry_at_, *refused_until_);
  status_.next_attempt = policy_of(why.why) == retry_policy::never ? std::nullopt : retry_at_;
}

// Notes when a session that was authenticated stopped being so.
void session::leave_authenticated(cause why, moment at) {
  if (!std::exchange(live_, false)) return;
  lost_at_ = at.now;
  if (!wished(why)) ++counters_.outages;
}

void session::reset_delays() {
  normal_.reset();
  slow_.reset();
  refusals_.reset();
  refused_.reset();
  refused_until_.reset();
}

void session::enter(phase next, state shown) {
  phase_ = next;
  status_.state = shown;
  status_.next_attempt.reset();
  if (shown != state::authenticated) status_.lost.reset();
  report();
}

void session::explain(const failure& why) {
  status_.cause = why.why;
  status_.text = why.text;
  status_.lost.reset();
  status_.user.clear();
}

void session::report() {
  actions_.emplace_back(action::report{status_});
}

void session::send(engineio::packet_type type, std::string_view data) {
  std::string text;
  engineio::append_packet(text, type, data);
  actions_.emplace_back(action::send{std::move(text)});
}

}  // namespace roombridge::upstream
