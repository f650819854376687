// SPDX-License-Identifier: MIT
// The transport over HTTP long-polling: one request after the other waits for what the server sends, another one at a
// time carries what is sent.
//
// Invariants: at most one poll and one POST are under way (more of either make the server end the session); a poll is
// given up only together with the session, which would not survive it; the first failure ends both, and read() says it.
#pragma once

#include <memory>
#include <string>

#include "daemon/upstream/net/http_request.hpp"
#include "daemon/upstream/transport/transport.hpp"
#include "daemon/upstream/wire/engineio.hpp"

namespace roombridge::upstream {

class polling final : public transport {
 public:
  // `receive_limit`: bytes of one response. `trace` outlives the transport.
  polling(io::context& context, tracer& trace, endpoint where, const tls_options& tls, std::size_t receive_limit);
  ~polling() override;

  // Ends with the session's first response, which read() begins with.
  [[nodiscard]] io::task<std::optional<failure>> open(std::chrono::milliseconds patience) override;
  [[nodiscard]] io::task<burst> read() override;
  void deliver(std::string_view bytes, inbound& to) override;
  void send_text(std::string_view message) override;
  void send_binary(std::string_view message) override;
  void flush() override;
  void close(std::uint16_t code, std::chrono::milliseconds patience) override;
  void abort() override;
  [[nodiscard]] std::size_t queued() const override;

  // For the upgrade, after open() has ended well: the server's open packet, what ties a request to the session now, ...
  [[nodiscard]] const engineio::open& opened() const;
  [[nodiscard]] engine_session session() const;
  // ... whether read() has handed out all of the last response, ...
  [[nodiscard]] bool all_read() const;
  // ... and the end of sending. True: no POST is under way, and none begins until resume(). Not while read() is
  // awaited.
  [[nodiscard]] io::task<bool> pause();
  void resume();
  // What was not sent, as a polling_payload.
  [[nodiscard]] std::string take_waiting();

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace roombridge::upstream
