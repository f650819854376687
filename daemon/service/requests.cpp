// SPDX-License-Identifier: MIT
#include "daemon/service/requests.hpp"

#include <simdjson.h>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/error.hpp>
#include <roombridge/proto/frame.hpp>
#include <utility>

#include "daemon/base/json_check.hpp"
#include "daemon/events/placeholders.hpp"

namespace roombridge::service {
namespace {

using proto::error_code;

local::answer refused(error_code code, std::string text, std::string_view outcome = {}) {
  local::answer result;
  result.error = static_cast<int>(code);
  result.text = std::move(text);
  result.outcome = outcome;
  return result;
}

constexpr std::size_t longest_repeated = 256;  // bytes of a client's word in the answer

// What is wrong with an EMIT's payload; empty: nothing. The text is on its way into a JSON packet of ours, so it has to
// be JSON itself.
std::string payload_fault(const local::emit_request& request) {
  const std::string_view text = request.arguments;
  if (!simdjson::validate_utf8(text.data(), text.size())) return "the payload is not UTF-8";
  if (const auto verdict = check_json(text); !verdict) {
    if (verdict.fault == json_fault::too_deep) return "the payload nests deeper than 4096 levels";
    return "the payload is not JSON: see byte " + std::to_string(verdict.offset);
  }
  if (text[text.find_first_not_of(" \t\r\n")] != '[') return "the payload is not an array: wrap the arguments in [ ]";
  if (!request.attachments.empty() && !events::placeholders_fit(text, request.attachments.size()))
    return R"(the payload's {"_placeholder":true,"num":…} do not fit its attachments, or it holds what cannot stand beside )"
           "attachments: a lone surrogate, a huge number, more than 1024 levels";
  return {};
}

error_code code_of(upstream::emit_error error) {
  switch (error) {
    case upstream::emit_error::none:
      return error_code::none;
    case upstream::emit_error::not_connected:
      return error_code::not_connected;
    case upstream::emit_error::ack_timeout:
      return error_code::ack_timeout;
    case upstream::emit_error::connection_lost:
      return error_code::connection_lost;
    case upstream::emit_error::too_large:
      return error_code::too_large_for_server;
    case upstream::emit_error::too_many:
      return error_code::too_many_requests;
    case upstream::emit_error::hold_full:
      return error_code::hold_full;
    case upstream::emit_error::hold_expired:
      return error_code::hold_expired;
    case upstream::emit_error::session_changed:
      return error_code::session_changed;
    case upstream::emit_error::not_permitted:
      return error_code::not_permitted;
  }
  return error_code::internal;
}

error_code code_of(upstream::join_error error) {
  switch (error) {
    case upstream::join_error::none:
      return error_code::none;
    case upstream::join_error::refused:
      return error_code::room_refused;
    case upstream::join_error::too_many:
      return error_code::too_many_rooms;
    case upstream::join_error::not_connected:
      return error_code::not_connected;
  }
  return error_code::internal;
}

std::string_view outcome_name(upstream::emit_outcome outcome) {
  switch (outcome) {
    case upstream::emit_outcome::acked:
      return "acked";
    case upstream::emit_outcome::sent_unknown:
      return "sent_unknown";
    case upstream::emit_outcome::not_sent:
      return "not_sent";
  }
  return "not_sent";
}

// The RESULT's head needs a little of the body, too.
constexpr std::size_t max_acknowledgement = proto::max_body - 4096;

std::size_t acknowledgement_size(const upstream::emit_result& result) {
  std::size_t size = result.arguments.size();
  for (const auto& attachment : result.attachments) size += attachment.size();
  return size;
}

local::answer answer_of(const upstream::emit_result& result) {
  local::answer out;
  out.error = static_cast<int>(code_of(result.error));
  out.text = result.text;
  out.outcome = outcome_name(result.outcome);
  // The server's text is hostile until checked, an acknowledgement's like an event's.
  if (result.outcome != upstream::emit_outcome::acked) return out;
  if (!check_json(result.arguments) || result.arguments.front() != '[') {
    return refused(error_code::internal, "the server acknowledged with text that is not a JSON array", "acked");
  }
  if (const std::size_t size = acknowledgement_size(result); size > max_acknowledgement) {
    return refused(error_code::internal,
                   "the server's acknowledgement of " + std::to_string(size) + " bytes is larger than a local frame",
                   "acked");
  }
  out.payload = result.arguments;
  for (const auto& attachment : result.attachments) {
    out.payload.append(reinterpret_cast<const char*>(attachment.data()), attachment.size());
    out.attachments.push_back(static_cast<std::uint32_t>(attachment.size()));
  }
  return out;
}

}  // namespace

requests::requests(upstream::client& client, const events::parser& parser, service_calls calls)
    : client_(client), parser_(parser), calls_(std::move(calls)) {}

void requests::on_emit(const local::emit_request& request, local::answer_function done) {
  if (parser_.is_reserved(request.event)) {
    done(refused(error_code::reserved_name,
                 "'" + std::string(request.event) +
                     "' belongs to authentication, rooms or Socket.IO itself and is not sent for local programs",
                 "not_sent"));
    return;
  }
  if (std::string fault = payload_fault(request); !fault.empty()) {
    done(refused(error_code::bad_payload, std::move(fault), "not_sent"));
    return;
  }
  client_.emit({.event = request.event,
                .arguments = request.arguments,
                .attachments = request.attachments,
                .want_ack = request.want_ack,
                .deadline = request.deadline,
                .sender = request.user,
                .permitted = request.permitted},
               [done = std::move(done)](const upstream::emit_result& result) { done(answer_of(result)); });
}

void requests::on_join(const local::join_request& request, local::answer_function done) {
  client_.hold_room(
      {.who = request.who, .user = request.user, .room = std::string(request.room), .deadline = request.deadline},
      [done = std::move(done)](const upstream::join_result& result) {
        local::answer out = refused(code_of(result.error), result.text);
        if (result.error == upstream::join_error::none) out.state = to_string(result.state);
        done(std::move(out));
      });
}

void requests::on_leave(local::peer_token who, const std::string& room) {
  client_.release_room(who, room);
}

void requests::trace(const local::call_request& request, local::answer_function done) {
  const auto wanted = proto::parse<proto::trace_params>(request.params);
  if (!wanted) return done(refused(wanted.error().code, wanted.error().text));
  calls_.trace(request.who, std::chrono::milliseconds(wanted->for_ms), std::move(done));
}

void requests::on_call(const local::call_request& request, local::answer_function done) {
  const std::string_view method = request.method;
  const local::rights& may = *request.may;
  const bool controls = method == "reload" || method == "reconnect" || method == "forget" || method == "trace";
  if (controls && !may.control()) {
    done(refused(error_code::not_permitted,
                 "'" + std::string(method) +
                     "' is for root, the daemon's own user and those that local.admins lists in the config"));
    return;
  }
  if (method == "reload") {
    calls_.reload(std::move(done));
  } else if (method == "forget") {
    calls_.forget(std::move(done));
  } else if (method == "reconnect") {
    client_.reconnect();
    done({.payload = "{}"});
  } else if (method == "trace") {
    trace(request, std::move(done));
  } else if (method == "status") {
    done({.payload = calls_.status(request)});
  } else if (method == "rooms") {
    done({.payload = calls_.rooms(request)});
  } else {
    const std::string name = method.size() <= longest_repeated ? " '" + std::string(method) + '\'' : " of this name";
    done(refused(error_code::unknown_method, "there is no method" + name +
                                                 "; there are status, rooms, subscribers, named_subscribers, "
                                                 "remove_subscriber, reload, reconnect, forget, trace"));
  }
}

}  // namespace roombridge::service
