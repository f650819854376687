// SPDX-License-Identifier: MIT
// Bytes over TCP or TLS: name resolution, connecting, the talk with a proxy, the TLS handshake, reading in bursts and
// writing in batches. It knows neither HTTP nor WebSocket. One connection: a new one is a new stream.
//
// Invariants: at most one read and one write are under way; after abort() every await returns soon (name resolution
// too: what it still does is left behind), and nothing is called any more. connect() ends before its patience does.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/base/io.hpp"
#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/net/resolver.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/trace.hpp"

namespace roombridge::upstream {

// What one read brought. `bytes` lives until the next read(), with read_padding readable bytes behind it. Empty: the
// connection ended, and `ended` says why.
struct burst {
  std::string_view bytes;
  failure ended;
  bool closed = false;  // it ended by the peer's orderly close of the connection, or the peer took ours
};

class stream {
 public:
  static constexpr std::size_t burst_size = 64 * 1024;
  // Bytes that may wait for the network; more end the connection with cause::send_stalled.
  static constexpr std::size_t max_queued = 8u << 20;

  // `trace` is told the steps of connect(), and outlives the stream.
  stream(io::context& context, tracer& trace, look_up_function names = look_up);
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  // Ends when bytes may be read and written, or with why not: at the latest when nine tenths of `patience` have passed,
  // so that the words are of the step that took too long, and not of a caller who gave up the whole. When a name has
  // several addresses, they are tried in the resolver's order, from endpoint::turn on, and each gets its share.
  [[nodiscard]] io::task<std::optional<failure>> connect(const endpoint& where, const tls_options& tls,
                                                         std::chrono::milliseconds patience);

  [[nodiscard]] io::task<burst> read();

  // Makes bytes that the last read() brought the next burst again. At most burst_size bytes (asserted), not of this
  // stream's own buffer.
  void unread(std::string_view bytes);

  // Queues a copy; writes that are queued while another is under way go out together. Before connect() ended well it
  // must not be called.
  void write(std::string_view bytes);

  // Bytes queued and not yet taken by the kernel.
  [[nodiscard]] std::size_t queued() const;

  // Connected, and since the last read() nothing has come, also no end: whether it may be used again after a pause.
  [[nodiscard]] bool quiet() const;

  // Ends the connection at once.
  void abort();

  // Ends it when `patience` has passed.
  void abort_after(std::chrono::milliseconds patience);

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace roombridge::upstream
