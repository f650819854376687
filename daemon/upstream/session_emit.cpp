// SPDX-License-Identifier: MIT
// Emits and their acknowledgements.
#include "daemon/upstream/polling_payload.hpp"
#include "daemon/upstream/session.hpp"

namespace roombridge::upstream {
namespace {

// Binary attachments of a packet that servers take; with one more they end the connection.
constexpr std::size_t usual_attachments = 10;

std::string too_large(std::string_view what, std::size_t size, std::uint64_t limit) {
  return std::string(what) + " of " + std::to_string(size) + " bytes is larger than the server takes (maxPayload " +
         std::to_string(limit) + " bytes)";
}

}  // namespace

session::verdict session::emit(const emit_request& request, std::string& out, moment at) {
  if (phase_ != phase::authenticated) {
    return {emit_error::not_connected, "not authenticated upstream: " + std::string(to_string(status_.state)), {}};
  }
  // Whoever asked may be gone long before the deadline: what it asked for still waits here.
  if (request.want_ack && pending_.size() == most_pending) {
    return {emit_error::too_many, std::to_string(most_pending) + " emits wait for the server's acknowledgement", {}};
  }
  if (request.attachments.size() > usual_attachments) {
    return {emit_error::too_large,
            std::to_string(request.attachments.size()) + " attachments are more than servers take (" +
                std::to_string(usual_attachments) + ')',
            {}};
  }
  std::string packet;
  const auto id = request.want_ack ? std::optional(next_id_) : std::nullopt;
  socketio::append_event(packet, options_.nsp, request.event, request.arguments, id, request.attachments.size());
  engineio::append_packet(out, engineio::packet_type::message, packet);
  const std::uint64_t limit = engine_->payload_limit();
  if (out.size() > limit) return {emit_error::too_large, too_large("the event", out.size(), limit), {}};
  const bool polling = status_.transport == transport_kind::polling;
  for (const bytes_view& attachment : request.attachments) {
    const std::size_t size = polling ? polling_payload::binary_size(attachment.size()) : attachment.size();
    if (size > limit) {
      return {
          emit_error::too_large, too_large(polling ? "an attachment (in base64)" : "an attachment", size, limit), {}};
    }
  }
  if (id) {
    ++next_id_;
    const time_point deadline = at.now + request.deadline;
    pending_.emplace(*id, deadline);
    by_deadline_.emplace(deadline, *id);
  }
  return {emit_error::none, {}, id};
}

bool session::take_ack(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  by_deadline_.erase({found->second, id});
  pending_.erase(found);
  return true;
}

void session::fail_emits(const std::string& text) {
  for (const auto& [id, deadline] : pending_) {
    actions_.emplace_back(action::fail_emit{id, emit_error::connection_lost, "no acknowledgement: " + text});
  }
  pending_.clear();
  by_deadline_.clear();
}

void session::expire_emits(time_point now) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    const std::uint64_t id = by_deadline_.begin()->second;
    actions_.emplace_back(action::fail_emit{id, emit_error::ack_timeout, "the server did not acknowledge in time"});
    pending_.erase(id);
    by_deadline_.erase(by_deadline_.begin());
  }
}

}  // namespace roombridge::upstream
