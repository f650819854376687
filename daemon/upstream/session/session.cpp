// SPDX-License-Identifier: MIT
// The connection's life: attempts, and the packets that open it. How it ends is in session_end.cpp.
#include "daemon/upstream/session/session.hpp"

#include <algorithm>
#include <cassert>
#include <roombridge/proto/printable.hpp>

#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {
namespace {

bool is_other_server(const options& before, const options& after) {
  return before.url != after.url || before.path != after.path || before.nsp != after.nsp;
}

// The words of a CONNECT_ERROR or DISCONNECT.
std::string words_of(std::string_view data) {
  const auto refusal = socketio::parse_refusal(data);
  if (!refusal) return {};
  return refusal->message + (refusal->message.empty() || refusal->data.empty() ? "" : " ") + refusal->data;
}

}  // namespace

session::session(options initial)
    : options_(std::move(initial)),
      recovery_(options_.recovery_memory),
      choice_(options_.transports),
      normal_(options_.reconnect.first, options_.reconnect.max),
      slow_(options_.reconnect.first, std::max(options_.reconnect.max, options_.reconnect.refused_max)),
      refusals_(options_.reconnect.first, std::max(options_.reconnect.max, options_.reconnect.refused_max)) {
  rooms_.set_fixed(fixed_rooms(identity_));
  held_.configure(options_.hold);
  hide_settings();
}

// Which of the values that the config adds to requests are secret, nobody says. What is shown anyhow is not.
void session::hide_settings() {
  std::vector<std::string> values;
  const auto add = [&values](std::string_view value) {
    for (std::string& piece : pieces_of(value)) values.push_back(std::move(piece));
  };
  for (const auto* fields : {&options_.headers, &options_.query, &options_.auth.headers, &options_.auth.query})
    for (const auto& field : *fields) add(field.second);
  for (const std::string_view text : texts_of(options_.auth.payload)) add(text);
  hidden_->set(
      secrets::kind::settings, values,
      options_.url + '\n' + options_.path + '\n' + options_.nsp + '\n' + options_.proxy.url + "\nroombridged\n{token}");
}

void session::resume(saved_session from, moment at) {
  assert(phase_ == phase::stopped);
  if (from.url != options_.url || from.path != options_.path || from.nsp != options_.nsp) {
    actions_.emplace_back(action::note{"what the last stop left is forgotten, as it was of another server: " +
                                       from.url + ", path " + from.path + ", namespace " + from.nsp});
    return;
  }
  lost_at_ = at.now - std::max(at.wall - from.ended, std::chrono::system_clock::duration::zero());
  worked_until_ = lost_at_;
  if (!from.recovery) return;
  hidden_->set(secrets::kind::socket_session, {from.recovery->pid});
  if (at.wall >= from.recovery->not_before) recovery_.restore(*std::move(from.recovery));
}

std::optional<saved_session> session::saved(moment at) const {
  const bool logged_out = !token_.token && policy_of(token_.missing.why) == retry_policy::never;
  if (!lost_at_ || logged_out) return std::nullopt;
  const auto ended = std::chrono::floor<std::chrono::microseconds>(at.wall - (at.now - *lost_at_));
  return saved_session{options_.url, options_.path, options_.nsp, ended, recovery_.saved(at.now)};
}

std::optional<saved_session> session::left_by_a_crash(moment at) const {
  if (!live_) return saved(at);
  const auto now = std::chrono::floor<std::chrono::microseconds>(at.wall);
  return saved_session{options_.url, options_.path, options_.nsp, now, recovery_.running(at), true};
}

void session::start(moment at) {
  assert(phase_ == phase::stopped);
  (void)at;
  phase_ = phase::idle;
  begin_attempt();
}

void session::stop(moment at) {
  if (phase_ == phase::stopped) return;
  end({cause::shutdown, "the daemon stops"}, at, ws_close_normal);
  drop_held(emit_error::not_connected, "the daemon stops");
  phase_ = phase::stopped;
}

void session::reconnect(moment at) {
  if (phase_ == phase::stopped) return;
  reset_delays();
  pause_.reset();
  choice_.start_over();
  if (phase_ == phase::idle) {
    begin_attempt();
  } else {
    end({cause::reconnect_requested, "a new connection was asked for"}, at, ws_close_normal);
  }
}

void session::reconfigure(options changed, connection_use use, moment at) {
  const bool anew = use == connection_use::make_anew;
  if (changed.url != options_.url) pause_.reset();
  const bool other_server = is_other_server(options_, changed);
  room_options old_rooms = options_.rooms;
  old_rooms.declared = changed.rooms.declared;
  old_rooms.linger = changed.rooms.linger;
  const bool rejoin = old_rooms != changed.rooms;
  if (phase_ == phase::authenticated && !anew && rejoin) leave_rooms();  // in the old words
  options_ = std::move(changed);
  hide_settings();
  const auto& delays = options_.reconnect;
  normal_.configure(delays.first, delays.max);
  slow_.configure(delays.first, std::max(delays.max, delays.refused_max));
  refusals_.configure(delays.first, std::max(delays.max, delays.refused_max));
  if (other_server) {
    drop_held(emit_error::session_changed, "held for a server that the changed config does not use");
    whose_.reset();
    worked_until_.reset();
  }
  held_.configure(options_.hold);
  drop_revoked();
  recovery_.configure(options_.recovery_memory);
  rooms_.set_fixed(fixed_rooms(identity_));
  if (!anew) adjust_rooms(at);
  if (phase_ == phase::authenticated && !anew) plan_refresh(at);
  if (!anew || phase_ == phase::stopped) return;
  recovery_.forget();
  reset_delays();
  choice_ = transport_choice(options_.transports);
  if (phase_ == phase::idle) {
    begin_attempt();
  } else {
    end({cause::reconfigured, "the changed config needs a new connection"}, at, ws_close_normal);
  }
}

void session::begin_attempt() {
  assert(phase_ == phase::idle);
  deadlines_[deadline::retry].reset();
  awaits_token_ = true;
  actions_.emplace_back(action::read_token{});
}

void session::connect(moment at) {
  if (keep_pause(at)) return;
  auto extras = handshake_extras();
  if (const auto* unusable = std::get_if<failure>(&extras)) return end(*unusable, at, std::nullopt);
  ++counters_.attempts;
  counted_ = false;
  deadlines_[deadline::retry].reset();
  deadlines_[deadline::step] = at.now + options_.connect_timeout;
  status_.transport = choice_.current();
  enter(phase::opening, state::connecting);
  token_sent_ =
      token_.token != "" && (options_.auth.mode == auth_mode::header || options_.auth.mode == auth_mode::query);
  // An address that takes connections and lets nothing through must not be the first one for ever, nor may the order of
  // the transports keep step with that of the addresses.
  const std::size_t turn = fruitless_ / options_.transports.size();
  actions_.emplace_back(action::connect{choice_.current(), std::get<request_extras>(std::move(extras)), turn});
}

void session::on_transport_open(moment at) {
  (void)at;
  if (phase_ == phase::opening) phase_ = phase::engine;
}

void session::on_upgrade() {
  if (phase_ < phase::engine) return;
  choice_.stay_with(transport_kind::websocket);
  status_.transport = transport_kind::websocket;
  status_.lost.reset();
  report();
}

void session::on_transport_end(const failure& why, moment at, std::optional<std::uint16_t> code) {
  if (phase_ <= phase::idle) return;
  failure told = why;
  if (token_sent_ && told.why == cause::http_4xx) told.text += "; it may mean the token, which the request carries";
  end(told, at, code);
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
      deadlines_[deadline::ping] = at.now + engine_->ping_interval + engine_->ping_timeout;
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
    const std::string words = "the server's Engine.IO open packet cannot be used: ";
    end({cause::protocol_error, words + proto::printable(cleared(without_announced(parsed.error().why)), 200)}, at,
        ws_close_protocol_error);
    return;
  }
  engine_ = std::move(*parsed);
  hidden_->set(secrets::kind::engine_session, {engine_->sid});
  deadlines_[deadline::ping] = at.now + engine_->ping_interval + engine_->ping_timeout;
  json_fields payload;
  if (options_.auth.mode == auth_mode::connect) {
    auto made = render_fields(options_.auth.payload, token_fields());
    if (const auto* missing = std::get_if<missing_field>(&made))
      return end(unusable_payload(*missing), at, ws_close_normal);
    payload = std::get<json_fields>(std::move(made));
    token_sent_ = true;
  }
  phase_ = phase::joining;
  if (!recovery_.ask(token_.token.value_or(std::string()), expected_user(), payload, at.now)) {
    actions_.emplace_back(
        action::note{"the server is not asked for what was missed: the token has changed, and whose it is shows only "
                     "after the login"});
  }
  std::string text;
  socketio::append_connect(text, options_.nsp, payload.empty() ? std::string() : payload.object());
  send(engineio::packet_type::message, text);
}

void session::on_packet(const socketio::packet& packet, moment at) {
  if (phase_ < phase::joining || packet.nsp != options_.nsp) return;
  switch (packet.type) {
    case socketio::packet_type::connect:
      if (phase_ != phase::joining) return;
      if (const auto reply = socketio::parse_connect_reply(packet.data); !reply) {
        const bool old = reply.error() == socketio::error::reply_without_sid;
        std::string words = "the server's answer to CONNECT cannot be used: ";
        words += socketio::to_string(reply.error());
        if (!packet.data.empty())
          words += ": \"" + proto::printable(cleared(without_announced(packet.data)), 200) + '"';
        end({old ? cause::engine_io_3 : cause::protocol_error, words}, at, ws_close_protocol_error);
      } else {
        join_namespace(*reply, at);
      }
      return;
    case socketio::packet_type::connect_error:
      if (phase_ == phase::joining) refuse_connect(packet.data, at);
      return;
    case socketio::packet_type::disconnect:
      end({cause::kicked, "the server ended our Socket.IO session (DISCONNECT)" + quoted(words_of(packet.data))}, at,
          ws_close_normal);
      return;
    default:
      return;
  }
}

void session::join_namespace(const socketio::connect_reply& reply, moment at) {
  recovery_.on_reply(reply.pid, at.now);
  hidden_->set(secrets::kind::socket_session, {reply.pid.value_or(std::string())});
  if (!recovery_.recovered()) rooms_.forget_presence();
  if (recovery_.overflowed()) {
    actions_.emplace_back(
        action::note{"the server sent more before its answer to CONNECT than can be held: all of that is lost"});
    if (!lost_at_) lost_at_ = at.now;
  }
  deadlines_[deadline::step].reset();
  enter(phase::connected, state::connected);
  authenticate(at);
}

// Where the token came with the connection, it is what a server refuses, unless these are the reference server's words
// for a namespace that it does not have.
void session::refuse_connect(std::string_view data, moment at) {
  const std::string said = words_of(data);
  if (options_.auth.mode != auth_mode::event && said != "Invalid namespace") return refuse(said, at);
  end({cause::namespace_refused, "the server refused the namespace \"" + options_.nsp + '"' + quoted(said)}, at,
      ws_close_normal);
}

// What the server said, to stand behind our words; nothing when it said nothing.
std::string session::quoted(std::string_view words) const {
  return words.empty() ? std::string() : ": \"" + proto::printable(cleared(without_announced(words)), 200) + '"';
}

void session::enter(phase next, state shown) {
  phase_ = next;
  status_.state = shown;
  status_.next_attempt.reset();
  report();
}

// The first cause of an episode is its cause: another one that befalls the same connection, and is not our own wish,
// follows from it and is only told with it. An episode ends when all is well, with the connection, or where another
// token is tried. Returns what counts.
failure session::blame(failure what) {
  const retry_policy policy = policy_of(what.why);
  const bool wish = policy == retry_policy::at_once || policy == retry_policy::never;
  if (blamed_ && what.why != status_.cause && !wish) {
    what = {status_.cause, status_.text + "; then " + what.text};
  } else {
    ++counters_.causes[what.why];
  }
  blamed_ = phase_ > phase::idle;
  explain(what);
  return what;
}

void session::explain(const failure& why) {
  status_.cause = why.why;
  status_.text = why.text;
  status_.user.clear();
  status_.unnamed.clear();
}

// A state that is well has no cause.
void session::absolve() {
  blamed_ = false;
  status_.cause = cause::none;
  status_.text.clear();
}

void session::report() {
  if (status_.state != state::authenticated) status_.lost = lost_at_;
  actions_.emplace_back(action::report{status_});
}

void session::send(engineio::packet_type type, std::string_view data) {
  std::string text;
  engineio::append_packet(text, type, data);
  actions_.emplace_back(action::send{std::move(text)});
}

}  // namespace roombridge::upstream
