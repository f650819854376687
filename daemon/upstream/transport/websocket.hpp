// SPDX-License-Identifier: MIT
// The transport over WebSocket: one Engine.IO packet is one message.
#pragma once

#include <string>

#include "daemon/upstream/net/http_request.hpp"
#include "daemon/upstream/transport/transport.hpp"
#include "daemon/upstream/transport/ws_reader.hpp"

namespace roombridge::upstream {

class websocket final : public transport {
 public:
  // `session`: the one whose transport it becomes, or none. `receive_limit`: bytes of one message. `compression`: offer
  // permessage-deflate. `trace` outlives the transport.
  websocket(io::context& context, tracer& trace, endpoint where, engine_session session, tls_options tls,
            std::size_t receive_limit, bool compression);

  [[nodiscard]] io::task<std::optional<failure>> open(std::chrono::milliseconds patience) override;
  [[nodiscard]] io::task<burst> read() override { return stream_.read(); }
  void deliver(std::string_view bytes, inbound& to) override { reader_.feed(bytes, to); }
  void send_text(std::string_view message) override;
  void send_binary(std::string_view message) override;
  void flush() override;
  void close(std::uint16_t code, std::chrono::milliseconds patience) override;
  void abort() override;
  [[nodiscard]] std::size_t queued() const override { return stream_.queued(); }

  // See stream::quiet().
  [[nodiscard]] bool quiet() const { return stream_.quiet(); }

 private:
  io::task<std::optional<failure>> shake_hands();

  tracer& trace_;
  endpoint where_;
  engine_session session_;
  tls_options tls_;
  bool compression_;
  stream stream_;
  ws_reader reader_;
  std::string outgoing_;  // frames made since the last flush
};

}  // namespace roombridge::upstream
