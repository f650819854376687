// SPDX-License-Identifier: MIT
// What the server sends, from the bytes of one read to whole packets: WebSocket frames, Engine.IO, Socket.IO, binary
// attachments. Pure.
//
// Invariants: malformed messages are told to the sink and dropped, and the session goes on; only what makes the stream
// meaningless is `broken`. Nothing is allocated for a text event that lies in one read in one piece.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/upstream/binary_assembler.hpp"
#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/engineio.hpp"
#include "daemon/upstream/socketio.hpp"
#include "daemon/upstream/ws_decoder.hpp"

namespace roombridge::upstream {

// All views live for the call. Text has been checked for UTF-8, with read_padding readable bytes behind it.
class inbound_sink {
 public:
  virtual ~inbound_sink() = default;

  // Asked before each message: false stops the reading, and what is left is dropped.
  [[nodiscard]] virtual bool wants_more() const = 0;
  // Where the session stands, for the signs of an Engine.IO 3 server.
  [[nodiscard]] virtual bool max_payload_announced() const = 0;
  [[nodiscard]] virtual bool namespace_joined() const = 0;

  virtual void on_engine_packet(const engineio::packet& packet) = 0;  // any but a message
  virtual void on_packet(const socketio::packet& packet) = 0;         // CONNECT, CONNECT_ERROR, DISCONNECT
  virtual void on_event(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) = 0;
  virtual void on_ack(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) = 0;
  virtual void on_websocket_ping(std::string_view payload) = 0;
  virtual void on_malformed(std::string_view why) = 0;
  // The peer's close frame, or a stream that cannot be read on; `code`: what to close with.
  virtual void on_broken(const failure& why, std::uint16_t code) = 0;
};

class inbound {
 public:
  // `receive_limit`: bytes of one message, and of a packet with its attachments. `name`: of the server, for words.
  inbound(std::size_t receive_limit, std::string name, inbound_sink& sink);

  // Takes what one read brought, with read_padding readable bytes behind it.
  void feed(std::string_view bytes);

  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  void on_item(const ws_item& item);
  void on_text(std::string_view text);
  void on_binary(std::string_view message);
  void on_message(std::string_view text);
  void deliver(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments);

  std::size_t receive_limit_;
  std::string name_;
  inbound_sink& sink_;
  ws_decoder decoder_;
  socketio::binary_assembler assembler_;
  std::uint64_t messages_ = 0;
  bool begun_ = false;
};

}  // namespace roombridge::upstream
