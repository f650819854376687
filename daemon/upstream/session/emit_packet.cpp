// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/emit_packet.hpp"

#include "daemon/upstream/wire/engineio.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream {
namespace {

// Binary attachments of a packet that servers take; with one more they end the connection.
constexpr std::size_t usual_attachments = 10;

emit_fault too_large(std::string_view what, std::size_t size, std::uint64_t limit) {
  return {emit_error::too_large, std::string(what) + " of " + std::to_string(size) +
                                     " bytes is larger than the server takes (maxPayload " + std::to_string(limit) +
                                     " bytes)"};
}

}  // namespace

emit_fault append_emit(std::string& out, const emit_request& request, std::string_view nsp,
                       std::optional<std::uint64_t> ack, const emit_limits& limits) {
  if (request.attachments.size() > usual_attachments) {
    return {emit_error::too_large, std::to_string(request.attachments.size()) +
                                       " attachments are more than servers take (" + std::to_string(usual_attachments) +
                                       ')'};
  }
  std::string packet;
  socketio::append_event(packet, nsp, request.event, request.arguments, ack, request.attachments.size());
  engineio::append_packet(out, engineio::packet_type::message, packet);
  if (out.size() > limits.payload) return too_large("the event", out.size(), limits.payload);
  for (const bytes_view& attachment : request.attachments) {
    const std::size_t size = limits.polling ? polling_payload::binary_size(attachment.size()) : attachment.size();
    if (size > limits.payload)
      return too_large(limits.polling ? "an attachment (in base64)" : "an attachment", size, limits.payload);
  }
  return {};
}

}  // namespace roombridge::upstream
