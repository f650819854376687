// SPDX-License-Identifier: MIT
// Tokens and authentication.
#include <algorithm>
#include <roombridge/proto/printable.hpp>

#include "daemon/base/json_check.hpp"
#include "daemon/upstream/session/jwt.hpp"
#include "daemon/upstream/session/session.hpp"
#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {

void session::on_token(token_reading reading, moment at) {
  if (phase_ == phase::stopped) return;
  const bool asked = std::exchange(awaits_token_, false);
  const bool refreshing = std::exchange(refreshing_, false);
  if (reading.missing.why == cause::token_command_failed && phase_ > phase::idle)
    return keep_token(reading.missing, at);
  const bool changed = reading.token != token_.token;
  token_ = std::move(reading);
  if (changed) {
    hidden_->set(secrets::kind::token, {token_.token.value_or(std::string())});
    learn_expiry();
  }
  if (!token_.token) return lack_token(at);
  if (refreshing && !changed) return miss_newer_token(at);
  if (changed) {
    blamed_ = false;
    refused_.reset();
    refused_until_.reset();
    refusals_.reset();
  }
  if (changed && token_sent_) {
    return end({cause::token_changed, "the token changed: a new connection carries it"}, at, ws_close_normal);
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
      if (changed) authenticate(at);
      return;
    default:
      return;  // it is used as soon as the namespace is joined
  }
}

void session::lack_token(moment at) {
  const bool failed = token_.missing.why == cause::token_command_failed;
  if (!failed) recovery_.forget();
  if (phase_ != phase::idle) return log_out(at);
  deadlines_[deadline::retry] = at.now + (failed ? slow_.next(at.random) : options_.reconnect.max);
  if (!failed && status_.cause == token_.missing.why && status_.text == token_.missing.text) return;
  blame(token_.missing);
  status_.next_attempt = failed ? deadlines_[deadline::retry] : std::nullopt;
  report();
}

// A command that fails says nothing about the token that we have.
void session::keep_token(const failure& why, moment at) {
  actions_.emplace_back(action::note{why.text + "; the connection stays, with the token that it has"});
  status_.token_stale = true;
  plan_refresh(at);
  if (phase_ != phase::connected) return;
  deadlines_[deadline::retry] = at.now + refusals_.next(at.random);
  status_.next_attempt = deadlines_[deadline::retry];
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
  deadlines_[deadline::retry].reset();
  const auth_options& auth = options_.auth;
  if (auth.mode == auth_mode::event) {
    const auto arguments = render_arguments(auth.payload, token_fields());
    if (const auto* missing = std::get_if<missing_field>(&arguments)) {
      return end(unusable_payload(*missing), at, ws_close_normal);
    }
    std::string text;
    const auto ack = auth.accepted.empty() ? std::nullopt : std::optional(next_id_++);
    if (ack) answers_.expect_ack(*ack);
    socketio::append_event(text, options_.nsp, auth.request, std::get<std::string>(arguments), ack);
    send(engineio::packet_type::message, text);
  } else if (auth.identity != identity_source::answer) {
    return accept("", at);  // the server has taken the token with the namespace
  }
  if (!answers_.awaits_ack()) answers_.expect_event();
  deadlines_[deadline::quiet].reset();
  deadlines_[deadline::step] = at.now + options_.auth.timeout;
  enter(phase::authenticating, state::authenticating);
}

bool session::on_event(std::string_view data, moment at) {
  const bool success = is_event_named(data, options_.auth.success);
  if (!success && !is_event_named(data, options_.auth.error)) return false;
  if (!check_json(data)) return true;  // what is no JSON says nothing
  const std::string_view arguments = event_arguments(data);
  switch (answers_.on_event(success, phase_ == phase::authenticated)) {
    case auth_answers::verdict::none:
      break;
    case auth_answers::verdict::accepted:
      accept(arguments, at);
      break;
    case auth_answers::verdict::refused:
      refuse(json_fields::of_first(arguments).text(options_.auth.error_text), at);
      break;
  }
  return true;
}

bool session::on_auth_ack(std::uint64_t id, std::string_view arguments, moment at) {
  switch (answers_.on_ack(id)) {
    case auth_answers::ack::not_ours:
      return false;
    case auth_answers::ack::outdated:
      return true;  // about a token that is no longer ours
    case auth_answers::ack::decides:
      break;
  }
  const json_fields answer = json_fields::of_first(arguments);
  if (answer.match(options_.auth.accepted)) {
    accept(arguments, at);
  } else {
    const std::string said = answer.text(options_.auth.error_text);
    refuse(said.empty() ? std::string(arguments) : said, at);
  }
  return true;
}

void session::accept(std::string_view arguments, moment at) {
  json_fields answer = identity_of(arguments);
  const std::string user = answer.text(options_.auth.user_field);
  if (!recovery_.on_authenticated(user.empty() ? whose(user) : user, token_.token.value_or(std::string()))) {
    return end({cause::reconnect_requested, "the recovered connection belongs to another user"}, at, ws_close_normal);
  }
  enter_rooms(std::move(answer), at);
  deadlines_[deadline::step].reset();
  refused_.reset();
  refused_until_.reset();
  live_ = true;
  if (!std::exchange(counted_, true)) ++counters_.authenticated;
  deadlines_[deadline::quiet] = at.now + options_.reconnect.quiet;
  plan_refresh(at);
  absolve();
  status_.user = cleared(user);
  warn_of_unnamed(user);
  status_.lost = std::exchange(lost_at_, std::nullopt);
  if (recovery_.take_complete()) status_.lost.reset();
  become(user);
  enter(phase::authenticated, state::authenticated);
  resume_held(at);
}

// Where nothing names the user, another token may be another's.
std::string session::whose(const std::string& user) const {
  if (!user.empty()) return "user " + user;
  return options_.auth.one_user ? "one user" : "token " + token_digest(token_.token.value_or(std::string()));
}

// The user that a login will name, where that is known before it.
std::optional<std::string> session::expected_user() const {
  if (options_.auth.identity == identity_source::answer) return std::nullopt;
  const std::string user = identity_of("").text(options_.auth.user_field);
  return user.empty() ? whose(user) : user;
}

void session::warn_of_unnamed(const std::string& user) {
  const bool careful = user.empty() && !options_.auth.one_user && !std::holds_alternative<token_none>(options_.token);
  status_.unnamed.clear();
  if (!careful) return;
  const missing_field field{options_.auth.user_field};
  status_.unnamed = "nothing names the user: " +
                    (options_.auth.identity == identity_source::none ? "auth.identity is none" : no_field(field)) +
                    ", so that the next token will count as another user's, and the events kept until then will be "
                    "erased; auth.user_field says what names the user, auth.one_user: true that all tokens are one's";
  if (!std::exchange(warned_of_unnamed_, true)) actions_.emplace_back(action::note{status_.unnamed});
}

void session::become(const std::string& user) {
  std::string now = whose(user);
  const bool other_user = whose_ && *whose_ != now;
  if (other_user) drop_held(emit_error::session_changed, "held for the last user, and another one has logged in");
  whose_ = std::move(now);
  const std::string server = options_.url + ", path " + options_.path + ", namespace " + options_.nsp;
  std::string who = "user \"" + proto::printable(cleared(user), 100) + "\" of " + server;
  if (user.empty()) {
    who = "a user whom nothing names, of " + server;
    if (!options_.auth.one_user) {
      who += ", with the token of the digest " + whose_->substr(std::string_view("token ").size(), 8) +
             " (auth.user_field and auth.one_user decide whether another token is another user's)";
    }
  }
  actions_.emplace_back(
      action::identify{options_.url + '\n' + options_.path + '\n' + options_.nsp + '\n' + *whose_, std::move(who)});
}

void session::refuse(const std::string& said, moment at) {
  failure why{cause::token_refused, "the server refused the token" + quoted(said)};
  if (const auto& exp = status_.token_expires; exp && *exp <= at.wall) why.text += "; it expired at " + in_utc(*exp);
  recovery_.on_refused();
  answers_.forget_acks();
  refused_ = token_.token;
  refused_until_ = at.now + refusals_.next(at.random);
  // Only the event can be sent again on this connection.
  if (options_.auth.mode != auth_mode::event) return end(why, at, ws_close_normal);
  blame(why);
  leave_authenticated(why.why, at);
  forget_identity();
  deadlines_[deadline::send_held].reset();
  deadlines_[deadline::step].reset();
  deadlines_[deadline::quiet].reset();
  deadlines_[deadline::refresh].reset();
  deadlines_[deadline::retry] = refused_until_;
  phase_ = phase::connected;
  status_.state = state::connected;
  status_.next_attempt = deadlines_[deadline::retry];
  report();
}

json_fields session::token_fields() const {
  json_fields fields;
  fields.set("token", json_string(token_.token.value_or(std::string())));
  return fields;
}

std::variant<request_extras, failure> session::handshake_extras() const {
  const auth_options& auth = options_.auth;
  request_extras out{options_.headers, options_.query};
  if (auth.mode != auth_mode::header && auth.mode != auth_mode::query) return out;
  const json_fields fields = token_fields();
  const bool header = auth.mode == auth_mode::header;
  for (const auto& [name, pattern] : header ? auth.headers : auth.query) {
    auto value = render_text(pattern, fields);
    if (const auto* missing = std::get_if<missing_field>(&value)) return unusable_payload(*missing);
    (header ? out.headers : out.query).emplace_back(name, std::get<std::string>(std::move(value)));
    if (header && !is_header_value(out.headers.back().second)) {
      return failure{cause::auth_unusable, "no HTTP header can carry the token: it holds a control character"};
    }
  }
  return out;
}

json_fields session::identity_of(std::string_view answer) const {
  switch (options_.auth.identity) {
    case identity_source::answer:
      return json_fields::of_first(answer);
    case identity_source::claims:
      return json_fields::of_first(jwt_claims(token_.token.value_or(std::string())).value_or(std::string()));
    case identity_source::none:
      break;
  }
  return {};
}

std::string session::no_field(const missing_field& missing) const {
  const bool claims = options_.auth.identity == identity_source::claims;
  return (claims ? "the token's claims have no {" : "the authentication's answer has no {") + missing.name + '}';
}

failure session::unusable_payload(const missing_field& missing) {
  return {cause::auth_unusable,
          "what authenticates names {" + missing.name + "}, which is not known yet; only {token} is"};
}

}  // namespace roombridge::upstream
