// SPDX-License-Identifier: MIT
// Emits, their acknowledgements, and those that are held until the connection is there.
#include "daemon/upstream/session/emit_packet.hpp"
#include "daemon/upstream/session/session.hpp"

namespace roombridge::upstream {
namespace {

// How long the server's answers to joins hold up what was held.
constexpr std::chrono::seconds patience_with_rooms{5};

}  // namespace

session::verdict session::emit(const emit_request& request, std::string& out, moment at) {
  const bool may_hold = phase_ != phase::stopped && held_.allows(request.event);
  if (may_hold && (phase_ != phase::authenticated || deadlines_[deadline::send_held])) return hold_emit(request, at);
  if (phase_ != phase::authenticated) {
    return {emit_error::not_connected, "not authenticated upstream: " + std::string(to_string(status_.state)), {}, {}};
  }
  return make_packet(request, out, at.now + request.deadline);
}

session::verdict session::make_packet(const emit_request& request, std::string& out, time_point deadline) {
  if (request.want_ack) {
    if (auto objection = pending_.objection_to_another(request.sender))
      return {emit_error::too_many, *std::move(objection), {}, {}};
  }
  const auto id = request.want_ack ? std::optional(next_id_) : std::nullopt;
  const emit_limits limits{engine_->payload_limit(), status_.transport == transport_kind::polling};
  if (auto fault = append_emit(out, request, options_.nsp, id, limits); fault.error != emit_error::none)
    return {fault.error, std::move(fault.text), {}, {}};
  if (id) {
    ++next_id_;
    pending_.add(*id, request.sender.user, deadline);
  }
  return {emit_error::none, {}, id, {}};
}

bool session::take_ack(std::uint64_t id) {
  return pending_.take(id);
}

void session::fail_emits(const std::string& text) {
  for (const std::uint64_t id : pending_.take_all())
    actions_.emplace_back(action::fail_emit{id, emit_error::connection_lost, "no acknowledgement: " + text});
}

void session::expire_emits(time_point now) {
  for (const std::uint64_t id : pending_.take_expired(now))
    actions_.emplace_back(action::fail_emit{id, emit_error::ack_timeout, "the server did not acknowledge in time"});
  for (const held_emit& one : held_.expire(now)) {
    actions_.emplace_back(
        action::drop_held{one.id, emit_error::hold_expired, "held in vain: not authenticated upstream in its time"});
  }
}

session::verdict session::hold_emit(const emit_request& request, moment at) {
  const auto id = held_.hold(request, at.now);
  if (id) return {emit_error::none, {}, {}, id};
  return {emit_error::hold_full,
          "not authenticated upstream, and no more of this event may be held for this user (emits.hold)",
          {},
          {}};
}

// After an authentication and what it sends for the rooms.
void session::resume_held(moment at) {
  if (rooms_.joining()) {
    deadlines_[deadline::send_held] = at.now + patience_with_rooms;
  } else {
    send_held();
  }
}

void session::send_held() {
  deadlines_[deadline::send_held].reset();
  for (held_emit& one : held_.take_all()) {
    const std::vector<bytes_view> attachments(one.attachments.begin(), one.attachments.end());
    const emit_request request{.event = one.event,
                               .arguments = one.arguments,
                               .attachments = attachments,
                               .want_ack = one.want_ack,
                               .sender = one.sender};
    std::string text;
    const verdict made = make_packet(request, text, one.deadline);
    if (made.error == emit_error::none) {
      actions_.emplace_back(action::send_held{std::move(one), std::move(text), made.id});
    } else {
      actions_.emplace_back(action::drop_held{one.id, made.error, made.text});
    }
  }
}

// What may be sent is decided by the rules of the moment, not of when it was asked for.
void session::drop_revoked() {
  for (const held_emit& one : held_.take_revoked()) {
    actions_.emplace_back(
        action::drop_held{one.id, emit_error::not_permitted,
                          "held, and the changed config does not let this user emit the event any more"});
  }
}

void session::drop_held(emit_error error, const std::string& text) {
  for (const held_emit& one : held_.take_all()) actions_.emplace_back(action::drop_held{one.id, error, text});
}

}  // namespace roombridge::upstream
