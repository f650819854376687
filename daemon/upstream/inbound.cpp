// SPDX-License-Identifier: MIT
#include "daemon/upstream/inbound.hpp"

#include <simdjson.h>

#include "daemon/upstream/ws_handshake.hpp"

namespace roombridge::upstream {

inbound::inbound(std::size_t receive_limit, std::string name, inbound_sink& sink)
    : receive_limit_(receive_limit),
      name_(std::move(name)),
      sink_(sink),
      decoder_(receive_limit),
      assembler_(receive_limit) {}

void inbound::feed(std::string_view bytes) {
  if (!std::exchange(begun_, true)) {
    if (const std::string line = http_status_line(bytes); !line.empty()) {
      sink_.on_broken({cause::engine_refused, name_ + " refused the Engine.IO session behind the handshake: " + line},
                      ws_close_protocol_error);
      return;
    }
  }
  decoder_.feed(bytes);
  while (sink_.wants_more()) {
    const auto item = decoder_.next();
    if (!item) return;
    on_item(*item);
  }
}

void inbound::on_item(const ws_item& item) {
  switch (item.kind) {
    case ws_kind::text:
      ++messages_;
      return on_text(item.data);
    case ws_kind::binary:
      ++messages_;
      return on_binary(item.data);
    case ws_kind::ping:
      return sink_.on_websocket_ping(item.data);
    case ws_kind::pong:
      return;
    case ws_kind::close:
      return sink_.on_broken(describe_close(item.code, item.data), item.code);
    case ws_kind::error:
      break;
  }
  if (item.error == ws_error::message_too_big) {
    sink_.on_broken({cause::message_too_large, "a message from " + name_ + " is larger than upstream.receive_limit (" +
                                                   std::to_string(receive_limit_) + " bytes)"},
                    close_code_for(item.error));
  } else {
    sink_.on_broken(
        {cause::protocol_error, name_ + " broke the WebSocket protocol: " + std::string(to_string(item.error))},
        close_code_for(item.error));
  }
}

void inbound::on_text(std::string_view text) {
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
