// SPDX-License-Identifier: MIT
// How Engine.IO messages travel, whatever carries them. The client drives one transport per connection:
//
//   if (auto failed = co_await transport.open(patience)) ...
//   for (burst got = co_await transport.read(); !got.bytes.empty(); got = co_await transport.read()) {
//     transport.deliver(got.bytes, inbound);
//   }
//
// A burst is what one read from the network brought, still in the transport's own encoding: taking it apart is one
// virtual call, and each message then goes to `inbound` directly.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/base/io.hpp"
#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/stream.hpp"
#include "daemon/upstream/transport/inbound.hpp"

namespace roombridge::upstream {

class transport {
 public:
  // Bytes that may wait for the network; more end the connection with cause::send_stalled.
  static constexpr std::size_t max_queued = stream::max_queued;

  virtual ~transport() = default;

  // Ends when messages may be read and sent, or with why not. `patience` is for each step's share of time as in
  // stream::connect(): the caller aborts when the whole takes too long.
  [[nodiscard]] virtual io::task<std::optional<failure>> open(std::chrono::milliseconds patience) = 0;

  // The next burst; without bytes: the connection ended.
  [[nodiscard]] virtual io::task<burst> read() = 0;

  // Hands over the messages that the burst completes, until `to` wants no more. Its texts are not yet checked for
  // UTF-8. Called once for each burst, before the next read().
  virtual void deliver(std::string_view bytes, inbound& to) = 0;

  // Queue a copy of one message, which goes out with the next flush(). Only after open() ended well.
  virtual void send_text(std::string_view message) = 0;
  virtual void send_binary(std::string_view message) = 0;
  virtual void flush() = 0;

  // Flushes, says goodbye with a WebSocket close code where the transport has one, and leaves the server `patience` for
  // its half: read() ends the loop then at the latest. Nothing is sent after it.
  virtual void close(std::uint16_t code, std::chrono::milliseconds patience) = 0;

  // Ends the connection at once; what was not flushed is dropped.
  virtual void abort() = 0;

  // Bytes flushed and not yet taken by the kernel.
  [[nodiscard]] virtual std::size_t queued() const = 0;
};

}  // namespace roombridge::upstream
