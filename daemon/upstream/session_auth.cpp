// SPDX-License-Identifier: MIT
// Tokens, authentication and rooms.
#include <algorithm>

#include "daemon/upstream/payload_template.hpp"
#include "daemon/upstream/session.hpp"
#include "daemon/upstream/ws_frame.hpp"

namespace roombridge::upstream {

void session::on_token(token_reading reading, moment at) {
  if (phase_ == phase::stopped) return;
  const bool asked = std::exchange(awaits_token_, false);
  const bool changed = reading.token != token_.token;
  token_ = std::move(reading);
  if (!token_.token) return lack_token(at);
  if (changed) {
    refused_.reset();
    refused_until_.reset();
    refusals_.reset();
  }
  switch (phase_) {
    case phase::idle:
      // A new token does not mend a network, but it may well mend what a server said no to.
      if (asked || (changed && policy_of(status_.cause) != retry_policy::normal)) connect(at);
      return;
    case phase::connected:
      if (asked || changed) authenticate(at);
      return;
    case phase::authenticating:
    case phase::authenticated:
      if (changed && !options_.auth.request.empty()) authenticate(at);
      return;
    default:
      return;  // it is used as soon as the namespace is joined
  }
}

void session::lack_token(moment at) {
  recovery_.forget();
  if (phase_ != phase::idle) return log_out(at);
  retry_at_ = at.now + options_.reconnect.max;
  if (status_.cause == token_.missing.why && status_.text == token_.missing.text) return;
  explain(token_.missing);
  status_.next_attempt.reset();
  report();
}

// The server takes us out of our rooms itself; the reference one drops events that come together with the DISCONNECT.
void session::log_out(moment at) {
  if (phase_ >= phase::connected) {
    std::string text;
    socketio::append_disconnect(text, options_.nsp);
    send(engineio::packet_type::message, text);
  }
  end(token_.missing, at, ws_close_normal);
}

void session::authenticate(moment at) {
  retry_at_.reset();
  if (options_.auth.request.empty()) return accept("", at);
  json_fields fields;
  fields.set("token", json_string(*token_.token));
  auto payload = render_object(options_.auth.payload, fields);
  if (const auto* missing = std::get_if<missing_field>(&payload)) {
    return end({cause::auth_unusable,
                "the authentication's payload names {" + missing->name + "}, which is not known yet; only {token} is"},
               at, ws_close_normal);
  }
  std::string text;
  socketio::append_event(text, options_.nsp, options_.auth.request, '[' + std::get<std::string>(payload) + ']');
  send(engineio::packet_type::message, text);
  ++answers_due_;
  quiet_at_.reset();
  step_deadline_ = at.now + options_.auth.timeout;
  enter(phase::authenticating, state::authenticating);
}

void session::on_event(std::string_view name, std::string_view arguments, moment at) {
  const bool success = name == options_.auth.success;
  if (answers_due_ == 0) {
    // Nobody asked: a server that says so when a token has run out.
    if (!success && phase_ == phase::authenticated) refuse(arguments, at);
    return;
  }
  // Answers come in order: while a newer question is open, this one is about a token that is no longer ours.
  if (--answers_due_ > 0) return;
  if (success) {
    accept(arguments, at);
  } else {
    refuse(arguments, at);
  }
}

void session::accept(std::string_view arguments, moment at) {
  json_fields answer = json_fields::of_first(arguments);
  if (!recovery_.on_authenticated(answer.text(options_.auth.user_field), token_.token.value_or(std::string()))) {
    return end({cause::reconnect_requested, "the recovered connection belongs to another user"}, at, ws_close_normal);
  }
  const std::vector<std::string> wanted = wanted_rooms(answer);
  for (const std::string& room : joined_) {
    if (std::find(wanted.begin(), wanted.end(), room) == wanted.end()) send_room(options_.rooms.leave, room);
  }
  joined_.clear();
  identity_ = std::move(answer);
  if (!options_.rooms.own.empty()) {
    const auto own = render_text(options_.rooms.own, identity_);
    if (const auto* missing = std::get_if<missing_field>(&own)) {
      actions_.emplace_back(action::note{"the own room \"" + options_.rooms.own +
                                         "\" is not joined: the authentication's answer has no {" + missing->name +
                                         "}"});
    }
  }
  join_rooms();
  step_deadline_.reset();
  refused_.reset();
  refused_until_.reset();
  live_ = true;
  if (!std::exchange(counted_, true)) ++counters_.authenticated;
  quiet_at_ = at.now + options_.reconnect.quiet;
  status_.user = identity_.text(options_.auth.user_field);
  status_.lost = std::exchange(lost_at_, std::nullopt);
  if (recovery_.take_complete()) status_.lost.reset();
  enter(phase::authenticated, state::authenticated);
}

void session::refuse(std::string_view arguments, moment at) {
  const std::string said = json_fields::of_first(arguments).text(options_.auth.error_text);
  failure why{cause::token_refused, "the server refused the token"};
  if (!said.empty()) why.text += ": \"" + printable(without_token(said), 200) + '"';
  leave_authenticated(why.why, at);
  recovery_.on_refused();
  joined_.clear();
  identity_ = {};
  step_deadline_.reset();
  quiet_at_.reset();
  refused_ = token_.token;
  refused_until_ = at.now + refusals_.next(at.random);
  retry_at_ = refused_until_;
  phase_ = phase::connected;
  status_.state = state::connected;
  explain(why);
  status_.next_attempt = retry_at_;
  report();
}

std::string session::without_token(std::string text) const {
  constexpr std::string_view shown = "[token]";
  if (!token_.token || token_.token->empty()) return text;
  for (auto at = text.find(*token_.token); at != std::string::npos; at = text.find(*token_.token, at + shown.size())) {
    text.replace(at, token_.token->size(), shown);
  }
  return text;
}

std::vector<std::string> session::wanted_rooms(const json_fields& identity) const {
  std::vector<std::string> wanted = options_.rooms.declared;
  if (options_.rooms.own.empty() || identity.empty()) return wanted;
  auto own = render_text(options_.rooms.own, identity);
  if (auto* room = std::get_if<std::string>(&own);
      room && std::find(wanted.begin(), wanted.end(), *room) == wanted.end()) {
    wanted.insert(wanted.begin(), std::move(*room));
  }
  return wanted;
}

// Brings the joined rooms to the wanted ones.
void session::join_rooms() {
  const std::vector<std::string> wanted = wanted_rooms(identity_);
  for (auto room = joined_.begin(); room != joined_.end();) {
    if (std::find(wanted.begin(), wanted.end(), *room) != wanted.end()) {
      ++room;
    } else {
      send_room(options_.rooms.leave, *room);
      room = joined_.erase(room);
    }
  }
  for (const std::string& room : wanted) {
    if (!joined_.contains(room) && send_room(options_.rooms.join, room)) joined_.insert(room);
  }
}

void session::leave_rooms() {
  for (const std::string& room : joined_) send_room(options_.rooms.leave, room);
  joined_.clear();
}

bool session::send_room(std::string_view event, const std::string& room) {
  json_fields fields = identity_;
  fields.set("room", json_string(room));
  const auto payload = render_object(options_.rooms.payload, fields);
  if (const auto* missing = std::get_if<missing_field>(&payload)) {
    actions_.emplace_back(action::note{"the room \"" + room + "\" is not joined: its payload wants {" + missing->name +
                                       "}, and the authentication's answer has none"});
    return false;
  }
  std::string text;
  socketio::append_event(text, options_.nsp, event, '[' + std::get<std::string>(payload) + ']');
  send(engineio::packet_type::message, text);
  return true;
}

std::vector<room_status> session::rooms() const {
  std::vector<room_status> out;
  for (std::string& room : wanted_rooms(identity_)) {
    const bool joined = joined_.contains(room);
    out.push_back({std::move(room), joined});
  }
  return out;
}

}  // namespace roombridge::upstream
