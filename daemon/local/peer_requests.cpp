// SPDX-License-Identifier: MIT
// What a client's frames ask for (PROTOCOL.md section 4), and the answers.
#include <algorithm>
#include <utility>

#include <roombridge/proto/messages.hpp>
#include <roombridge/proto/payload.hpp>

#include "daemon/local/peer.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;
using proto::frame_type;

// What a request that waits for its answer makes the daemon hold, here and where the answer comes from.
constexpr std::size_t bytes_of_request = 256;

proto::emit_outcome outcome_of(std::string_view name) {
  for (const auto outcome :
       {proto::emit_outcome::acked, proto::emit_outcome::sent_unknown, proto::emit_outcome::not_sent}) {
    if (name == proto::to_string(outcome)) return outcome;
  }
  return proto::emit_outcome::none;
}

proto::room_state state_of(std::string_view name) {
  for (const auto state :
       {proto::room_state::joined, proto::room_state::asked, proto::room_state::joining, proto::room_state::waiting}) {
    if (name == proto::to_string(state)) return state;
  }
  return proto::room_state::none;
}

}  // namespace

void peer::handle(const proto::frame& frame) {
  if (state_ == state::hello) return handle_hello(frame);
  refused_as_ = frame.type == frame_type::emit ? proto::emit_outcome::not_sent : proto::emit_outcome::none;
  switch (frame.type) {
    case frame_type::hello:
      return fail(error_code::hello_expected, "HELLO came twice");
    case frame_type::subscribe:
      return handle_subscribe(frame);
    case frame_type::unsubscribe:
      return handle_unsubscribe(frame);
    case frame_type::join:
      return handle_join(frame);
    case frame_type::leave:
      return handle_leave(frame);
    case frame_type::ack:
      return handle_ack(frame);
    case frame_type::emit:
      return handle_emit(frame);
    case frame_type::call:
      return handle_call(frame);
    case frame_type::ping:
      return handle_ping(frame);
    case frame_type::pong:
      return handle_pong(frame);
    default:
      return;  // unknown types are skipped
  }
}

void peer::handle_hello(const proto::frame& frame) {
  if (frame.type != frame_type::hello) return fail(error_code::hello_expected, "the first frame must be HELLO");
  auto hello = proto::parse<proto::hello>(frame.head);
  if (!hello) return reject(hello.error());
  if (std::find(hello->versions.begin(), hello->versions.end(), proto::protocol_version) == hello->versions.end()) {
    return fail(error_code::version_unsupported, "this daemon speaks version 1 only");
  }
  if (!hello->subscriber.empty() && !take_name(std::move(hello->subscriber))) return;
  state_ = state::open;
  client_ = std::move(hello->client);
  decoder_.set_body_limit(proto::max_body);
  proto::welcome welcome;
  welcome.server = host_.server_name();
  welcome.epoch = proto::epoch_text(host_.events().epoch());
  welcome.newest = host_.events().newest();
  welcome.may_control = may_->control();
  welcome.may = may_->told();
  welcome.position = kept_position();
  if (!push(welcome)) {
    welcome.may.reset();
    push(welcome);
  }
  plan_ping();
}

void peer::handle_join(const proto::frame& frame) {
  const auto request = proto::parse<proto::join>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  if (!may_->may_hold(request->room)) {
    return refuse(request->id, error_code::not_permitted, "no rule of local.access lets this user hold the room");
  }
  if (!within_rate(request->id)) return;
  if (!holds(request->room) && rooms_.size() == proto::max_rooms) {
    return refuse(request->id, error_code::too_many_rooms,
                  "the connection holds " + std::to_string(proto::max_rooms) + " rooms");
  }
  if (!holds(request->room) && rooms_held_.account().rooms >= host_.config().user_rooms) {
    return refuse(request->id, error_code::too_many_rooms,
                  "this user's connections hold as many as local.user_rooms allows: " +
                      std::to_string(host_.config().user_rooms));
  }
  if (!open_request(request->id)) return;
  const bool is_new = rooms_.insert_or_assign(request->room, request->id).second;
  if (is_new) host_.holders().add(request->room, uid_, pid_);
  rooms_held_.set(rooms_.size());
  hand_over(request->id, [&] {
    host_.requests().on_join({.who = token_,
                              .user = share(),
                              .room = request->room,
                              .deadline = std::chrono::milliseconds{request->deadline_ms}},
                             host_.answer_to(token_, request->id));
  });
}

void peer::handle_leave(const proto::frame& frame) {
  const auto request = proto::parse<proto::leave>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  if (!holds(request->room)) {
    return refuse(request->id, error_code::room_not_held, "this connection does not hold the room");
  }
  succeed(request->id);
  let_go_of(request->room);
}

void peer::let_go_of(const std::string& room) {
  if (rooms_.erase(room) == 0) return;
  rooms_held_.set(rooms_.size());
  host_.holders().remove(room, uid_, pid_);
  host_.requests().on_leave(token_, room);
}

// A JOIN that failed holds nothing.
void peer::release_room_of(std::uint64_t join) {
  const auto found = std::find_if(rooms_.begin(), rooms_.end(), [join](const auto& one) { return one.second == join; });
  if (found == rooms_.end()) return;
  let_go_of(std::string{found->first});
}

void peer::handle_emit(const proto::frame& frame) {
  const auto request = proto::parse<proto::emit>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  if (!may_->may_emit(request->event)) {
    return refuse(request->id, error_code::not_permitted, "no rule of local.access lets this user emit the event");
  }
  if (!within_rate(request->id)) return;
  const auto payload = proto::split_payload(frame.payload, request->attachments);
  if (!payload) {
    return refuse(request->id, error_code::bad_payload, "`attachments` names more bytes than the payload has");
  }
  if (!open_request(request->id)) return;
  const bool empty = payload->arguments().empty() && payload->attachments().empty();
  hand_over(request->id, [&] {
    host_.requests().on_emit({.event = request->event,
                              .arguments = empty ? std::string_view{"[]"} : payload->arguments(),
                              .attachments = payload->attachments(),
                              .want_ack = request->ack,
                              .deadline = std::chrono::milliseconds{request->deadline_ms},
                              .user = share(),
                              .permitted = host_.permission(*this, request->event)},
                             host_.answer_to(token_, request->id));
  });
}

// What makes others work counts: emits and joins the server, calls the daemon. A LEAVE does not, since there are no
// more of them than of joins.
bool peer::within_rate(std::uint64_t id) {
  const options& limits = host_.config();
  const auto wait = held_.account().emits.take(host_.now(), limits.emit_rate, limits.emit_burst);
  if (wait.count() == 0) return true;
  const auto in_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  refuse(id, error_code::too_many_requests,
         "more than " + std::to_string(limits.emit_rate) +
             " emits, joins and calls a second by this user (emits.rate); the next may come in " +
             std::to_string(in_ms) + " ms");
  return false;
}

void peer::handle_call(const proto::frame& frame) {
  const auto request = proto::parse<proto::call>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  // Who may control comes to see what uses up the rate, and could do more harm otherwise.
  if (!may_->control() && !within_rate(request->id)) return;
  if (!open_request(request->id)) return;
  if (request->method == "subscribers") return answer(request->id, {.payload = host_.subscribers(sees())});
  if (request->method == "named_subscribers") return list_named(request->id);
  if (request->method == "remove_subscriber") return remove_named(request->id, request->params);
  hand_over(request->id, [&] {
    host_.requests().on_call(
        {.who = token_, .method = request->method, .params = request->params, .may = may_.get(), .sees = sees()},
        host_.answer_to(token_, request->id));
  });
}

// A handler's exception is a fault of the daemon that concerns one request and nobody else.
template <class Request>
void peer::hand_over(std::uint64_t id, const Request& request) {
  try {
    request();
  } catch (const std::exception& error) {
    host_.log().error(std::string{"a request of a local program failed inside the daemon: "} + error.what());
    local::answer failed;
    failed.error = static_cast<int>(error_code::internal);
    failed.text = "the daemon failed; its log says more";
    failed.outcome = refused_as_ == proto::emit_outcome::none ? "" : "sent_unknown";
    answer(id, std::move(failed));
  }
}

void peer::handle_ping(const proto::frame& frame) {
  const auto request = proto::parse<proto::ping>(frame.head);
  if (!request) return reject(request.error());
  push(proto::pong{request->id});
}

void peer::handle_pong(const proto::frame& frame) {
  const auto reply = proto::parse<proto::pong>(frame.head);
  if (!reply) return reject(reply.error());
  if (!ping_open_ || reply->id != ping_id_) return;
  ping_open_ = false;
  plan_ping();
}

void peer::answer(std::uint64_t id, local::answer what) {
  if (std::erase(open_, id) == 0) return;
  charge_requests();
  if (ending()) return;
  proto::result result;
  result.id = id;
  result.outcome = outcome_of(what.outcome);
  result.state = state_of(what.state);
  result.durable = what.durable;
  if (what.error != 0) {
    release_room_of(id);
    result.error = proto::make_error(static_cast<error_code>(what.error), std::move(what.text));
  } else {
    result.attachments = std::move(what.attachments);
  }
  if (push(result, std::as_bytes(std::span{what.payload}))) return;
  result.error = proto::make_error(error_code::internal, "the answer is larger than a frame may be");
  result.attachments.clear();
  push(result);
}

void peer::succeed(std::uint64_t id) {
  proto::result result;
  result.id = id;
  push(result);
}

void peer::refuse(std::uint64_t id, error_code code, std::string text) {
  proto::result result;
  result.id = id;
  result.error = proto::make_error(code, std::move(text));
  result.outcome = refused_as_;
  push(result);
}

void peer::reject(const proto::parse_error& error) {
  if (error.id) return refuse(*error.id, error.code, error.text);
  fail(error.code, error.text);
}

bool peer::accept_id(std::uint64_t id) {
  const bool in_use = output_.cursor().subscribed(id) || std::find(open_.begin(), open_.end(), id) != open_.end();
  if (in_use) refuse(id, error_code::duplicate_id, "the id " + std::to_string(id) + " is in use");
  return !in_use;
}

bool peer::open_request(std::uint64_t id) {
  if (open_.size() == proto::max_open_requests) {
    refuse(id, error_code::too_many_requests,
           std::to_string(proto::max_open_requests) + " requests of this connection are open");
    return false;
  }
  if (held_.account().bytes + bytes_of_request > host_.config().user_buffer) {
    refuse(id, error_code::too_many_requests,
           "what the daemon holds for this user's connections is as much as local.user_buffer allows");
    return false;
  }
  open_.push_back(id);
  charge_requests();
  return true;
}

void peer::charge_requests() {
  requests_.set(open_.size() * bytes_of_request);
}

}  // namespace roombridge::local
