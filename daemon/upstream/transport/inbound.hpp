// SPDX-License-Identifier: MIT
// What the server sends, from the messages that a transport hands over to whole packets: Engine.IO, Socket.IO, binary
// attachments. Pure.
//
// Invariants: malformed messages are told to the sink and dropped, and the session goes on; only what makes the stream
// meaningless is `broken`. Nothing is allocated for a text event.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/wire/binary_assembler.hpp"
#include "daemon/upstream/wire/engineio.hpp"
#include "daemon/upstream/wire/socketio.hpp"

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
  virtual void on_malformed(std::string_view why) = 0;
  // The peer's goodbye, or a stream that cannot be read on; `code`: what to close with (ws_close_code).
  virtual void on_broken(const failure& why, std::uint16_t code) = 0;
};

class inbound {
 public:
  // `receive_limit`: bytes of a packet with its attachments. `name`: of the server, for words.
  inbound(std::size_t receive_limit, std::string name, inbound_sink& sink);

  // To be asked before each message: false, and what is left is dropped.
  [[nodiscard]] bool wants_more() const { return sink_.wants_more(); }

  // One message, with read_padding readable bytes behind it; it lives for the call.
  void on_text(std::string_view text);
  void on_binary(std::string_view message);

  // What the transport itself cannot read, and its own end of the stream; see inbound_sink.
  void on_malformed(std::string_view why) { sink_.on_malformed(why); }
  void on_broken(const failure& why, std::uint16_t code) { sink_.on_broken(why, code); }

  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  void on_message(std::string_view text);
  void deliver(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments);

  std::string name_;
  inbound_sink& sink_;
  socketio::binary_assembler assembler_;
  std::uint64_t messages_ = 0;
};

}  // namespace roombridge::upstream
