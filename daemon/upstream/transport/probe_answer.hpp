// SPDX-License-Identifier: MIT
// What a server may say on a WebSocket that is to become the transport of a session over polling, before it is told to
// upgrade: "3probe", once. Pure.
#pragma once

#include "daemon/upstream/transport/inbound.hpp"

namespace roombridge::upstream {

class probe_answer final : private inbound_sink {
 public:
  static constexpr std::string_view question = "2probe";

  // `receive_limit`: bytes of one message. `name`: of the server, for words.
  probe_answer(std::size_t receive_limit, std::string name) : inbound_(receive_limit, std::move(name), *this) {}

  // Where the WebSocket's messages go to.
  [[nodiscard]] inbound& to() { return inbound_; }

  [[nodiscard]] bool good() const { return good_ && !bad_; }
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  // inbound_sink
  bool wants_more() const override { return !bad_; }
  bool max_payload_announced() const override { return true; }
  bool namespace_joined() const override { return true; }
  void on_engine_packet(const engineio::packet& packet) override {
    bad_ = good_ || packet.type != engineio::packet_type::pong || packet.data != "probe";
    good_ = true;
  }
  void on_packet(const socketio::packet&) override { bad_ = true; }
  void on_event(const socketio::packet&, std::span<const std::span<const std::byte>>) override { bad_ = true; }
  void on_ack(const socketio::packet&, std::span<const std::span<const std::byte>>) override { bad_ = true; }
  void on_malformed(std::string_view) override { bad_ = true; }
  void on_broken(const failure&, std::uint16_t) override { bad_ = true; }

  inbound inbound_;
  bool good_ = false;
  bool bad_ = false;
};

}  // namespace roombridge::upstream
