// SPDX-License-Identifier: MIT
// Emits, their acknowledgements, and those that are held until the connection is there.
#include "daemon/upstream/session/session.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"

namespace roombridge::upstream {
namespace {

// How long the server's answers to joins hold up what was held.
constexpr std::chrono::seconds patience_with_rooms{5};

// Binary attachments of a packet that servers take; with one more they end the connection.
constexpr std::size_t usual_attachments = 10;

std::string too_large(std::string_view what, std::size_t size, std::uint64_t limit) {
  return std::string(what) + " of " + std::to_string(size) + " bytes is larger than the server takes (maxPayload " +
         std::to_string(limit) + " bytes)";
}

}  // namespace

session::verdict session::emit(const emit_request& request, std::string& out, moment at) {
  const bool may_hold = phase_ != phase::stopped && held_.allows(request.event);
  if (may_hold && (phase_ != phase::authenticated || send_held_at_)) return hold_emit(request, at);
  if (phase_ != phase::authenticated) {
    return {emit_error::not_connected, "not authenticated upstream: " + std::string(to_string(status_.state)), {}, {}};
  }
  return make_packet(request, out, at.now + request.deadline);
}

session::verdict session::make_packet(const emit_request& request, std::string& out, time_point deadline) {
  // Whoever asked may be gone long before the deadline: what it asked for still waits here.
  if (request.want_ack && !pending_shares_.fits(most_pending, request.sender, 1)) {
    return {emit_error::too_many,
            pending_shares_.objection(most_pending, request.sender, "emits that wait for the server's acknowledgement"),
            {},
            {}};
  }
  if (request.attachments.size() > usual_attachments) {
    return {emit_error::too_large,
            std::to_string(request.attachments.size()) + " attachments are more than servers take (" +
                std::to_string(usual_attachments) + ')',
            {},
            {}};
  }
  std::string packet;
  const auto id = request.want_ack ? std::optional(next_id_) : std::nullopt;
  socketio::append_event(packet, options_.nsp, request.event, request.arguments, id, request.attachments.size());
  engineio::append_packet(out, engineio::packet_type::message, packet);
  const std::uint64_t limit = engine_->payload_limit();
  if (out.size() > limit) return {emit_error::too_large, too_large("the event", out.size(), limit), {}, {}};
  const bool polling = status_.transport == transport_kind::polling;
  for (const bytes_view& attachment : request.attachments) {
    const std::size_t size = polling ? polling_payload::binary_size(attachment.size()) : attachment.size();
    if (size > limit) {
      return {emit_error::too_large,
              too_large(polling ? "an attachment (in base64)" : "an attachment", size, limit),
              {},
              {}};
    }
  }
  if (id) {
    ++next_id_;
    pending_.emplace(*id, pending_emit{deadline, request.sender.user});
    pending_shares_.take(request.sender.user, 1);
    by_deadline_.emplace(deadline, *id);
  }
  return {emit_error::none, {}, id, {}};
}

bool session::take_ack(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  by_deadline_.erase({found->second.deadline, id});
  pending_shares_.give_back(found->second.user, 1);
  pending_.erase(found);
  return true;
}

void session::fail_emits(const std::string& text) {
  for (const auto& [id, emit] : pending_) {
    actions_.emplace_back(action::fail_emit{id, emit_error::connection_lost, "no acknowledgement: " + text});
  }
  pending_.clear();
  pending_shares_.give_back_all();
  by_deadline_.clear();
}

void session::expire_emits(time_point now) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    const std::uint64_t id = by_deadline_.begin()->second;
    actions_.emplace_back(action::fail_emit{id, emit_error::ack_timeout, "the server did not acknowledge in time"});
    (void)take_ack(id);
  }
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
    send_held_at_ = at.now + patience_with_rooms;
  } else {
    send_held();
  }
}

void session::send_held() {
  send_held_at_.reset();
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
