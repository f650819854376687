// SPDX-License-Identifier: MIT
// The transport that begins as polling and becomes a WebSocket in the same session, where the server offers that and
// the way to it lets WebSocket through (Engine.IO's upgrade): it asks over a WebSocket ("2probe"), again after growing
// delays; once that is answered it lets the pending poll and POST end, and then moves the session over ("5").
//
// Invariants: nothing is sent twice or left behind: what waits goes out over the WebSocket, behind the "5"; everything
// that polls brought is delivered before the WebSocket is read. A probe that fails does the session no harm. After the
// upgrade a call is passed on, and that is all.
#pragma once

#include <functional>
#include <memory>

#include "daemon/base/backoff.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/transport/transport.hpp"

namespace roombridge::upstream {

class upgradable final : public transport {
 public:
  struct plan {
    bool at_once = true;  // the first probe; else after the first delay
    backoff delays;       // between probes
    bool compression;     // offer permessage-deflate
    std::function<void()> on_upgrade;
    std::chrono::milliseconds longest_pause{0};  // that is kept where the answer to a probe asks for one (Retry-After)
  };

  // `receive_limit`: bytes of one message or response. `trace` outlives the transport.
  upgradable(io::context& context, tracer& trace, endpoint where, tls_options tls, std::size_t receive_limit,
             plan probes);
  ~upgradable() override;

  [[nodiscard]] io::task<std::optional<failure>> open(std::chrono::milliseconds patience) override;
  [[nodiscard]] io::task<burst> read() override;
  void deliver(std::string_view bytes, inbound& to) override;
  void send_text(std::string_view message) override;
  void send_binary(std::string_view message) override;
  void flush() override;
  void close(std::uint16_t code, std::chrono::milliseconds patience) override;
  void abort() override;
  [[nodiscard]] std::size_t queued() const override;

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace roombridge::upstream
