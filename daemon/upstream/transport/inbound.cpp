// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/inbound.hpp"

#include <simdjson.h>

#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {

inbound::inbound(std::size_t receive_limit, std::string name, inbound_sink& sink)
    : name_(std::move(name)), sink_(sink), assembler_(receive_limit) {}

void inbound::on_text(std::string_view text) {
  ++messages_;
  if (!simdjson::validate_utf8(text.data(), text.size())) return sink_.on_malformed("a text message is not UTF-8");
  if (!sink_.namespace_joined() && engineio::is_engineio3(text, sink_.max_payload_announced())) {
    return sink_.on_broken(
        {cause::engine_io_3,
         name_ + " speaks Engine.IO 3 (socket.io 2), which is too old: socket.io 3 or later is needed"},
        ws_close_normal);
  }
  const auto packet = engineio::decode(text);
  if (!packet) return sink_.on_malformed(engineio::to_string(packet.error()));
  if (packet->type != engineio::packet_type::message) return sink_.on_engine_packet(*packet);
  on_message(packet->data);
}

void inbound::on_message(std::string_view text) {
  const auto packet = socketio::decode(text);
  if (!packet) return sink_.on_malformed(socketio::to_string(packet.error()));
  if (assembler_.waiting()) {
    assembler_.clear();
    sink_.on_malformed(socketio::to_string(socketio::error::attachments_missing));
  }
  if (packet->attachments != 0) {
    if (const auto error = assembler_.begin(*packet)) sink_.on_malformed(socketio::to_string(*error));
    return;
  }
  deliver(*packet, {});
}

void inbound::on_binary(std::string_view message) {
  ++messages_;
  if (const auto error = assembler_.add(message)) return sink_.on_malformed(socketio::to_string(*error));
  if (!assembler_.complete()) return;
  deliver(assembler_.assembled(), assembler_.attachments());
  assembler_.clear();
}

void inbound::deliver(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) {
  switch (packet.type) {
    case socketio::packet_type::event:
    case socketio::packet_type::binary_event:
      return sink_.on_event(packet, attachments);
    case socketio::packet_type::ack:
    case socketio::packet_type::binary_ack:
      return sink_.on_ack(packet, attachments);
    default:
      return sink_.on_packet(packet);
  }
}

}  // namespace roombridge::upstream
