// SPDX-License-Identifier: MIT
// Whence events come to the measured program, in batches that are encoded already.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/io_context.hpp>

namespace bench {

class source {
 public:
  virtual ~source() = default;
  // Where the measured program connects to; 0: it is connected to.
  [[nodiscard]] virtual unsigned short port() const { return 0; }
  // Whether it is connected and, where it has to, logged in.
  [[nodiscard]] virtual bool connected() const = 0;
  // `bytes` live until `done`.
  virtual void send(std::span<const std::byte> bytes, std::function<void()> done) = 0;
};

// The test upstream: a Socket.IO server that the token "bench" may enter.
std::unique_ptr<source> make_socketio_source(boost::asio::io_context& context);

// A plain TCP connection that is waited for.
std::unique_ptr<source> make_raw_source(boost::asio::io_context& context);

// A connection to a broker, as soon as it takes one: to a Unix socket or, with `port`, to 127.0.0.1. Sends `greeting`
// first, and reads away what comes.
std::unique_ptr<source> make_publisher(boost::asio::io_context& context, const std::string& socket, unsigned short port,
                                       std::string greeting);

}  // namespace bench
