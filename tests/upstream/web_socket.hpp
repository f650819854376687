// SPDX-License-Identifier: MIT
// The test upstream's sockets: a WebSocket listener and its connections over Boost.Beast, without TLS and compression.
// Beast's templates are compiled in web_socket.cpp and nowhere else. One thread: everything is called on, and calls
// back from, the io_context's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "tests/upstream/fault.hpp"

namespace test_upstream {

// One established connection. Destroying it drops it.
class web_socket {
 public:
  using message_function = std::function<void(std::string_view data, bool binary)>;  // the view lives for the call
  using closed_function = std::function<void(std::string_view why)>;
  using written_function = std::function<void(bool ok)>;

  class impl;
  explicit web_socket(std::shared_ptr<impl> implementation);
  ~web_socket();
  web_socket(const web_socket&) = delete;
  web_socket& operator=(const web_socket&) = delete;

  // Begins to read. `on_closed` is called once, whoever ended the connection, never from within a call of this class;
  // after it nothing more is.
  void start(message_function on_message, closed_function on_closed);

  // Queues a message. The queue is unbounded: whoever sends bulk uses send_raw and waits for its completion.
  void send(std::string data, bool binary = false);

  // Queues bytes that go to the TCP socket as they are: whole WebSocket frames that the caller has encoded
  // (text_frame), any number of them. `bytes` must live until `done` is called, with true once the kernel has taken all
  // of them. The peer must not send WebSocket pings meanwhile, as their pongs could fall in between.
  void send_raw(std::span<const std::byte> bytes, written_function done);

  // Closes with an empty close frame (1005 for the peer) after what is queued.
  void close();

  // Queues a fault of the connection itself: silence, half_open, fin, reset, slow or bytes. After all but slow nothing
  // is sent and no message told any more.
  void commit(fault what);

  // Ends the TCP connection at once, without a close frame.
  void drop();

 private:
  std::shared_ptr<impl> impl_;
};

// A text message as one unmasked frame, for send_raw.
[[nodiscard]] std::string text_frame(std::string_view text);

// What to do with a handshake: go on when `status` is 101, otherwise answer it with this HTTP status and body (JSON).
struct handshake_verdict {
  unsigned status = 101;
  std::string body;
};

// Listens on 127.0.0.1.
class web_socket_listener {
 public:
  using decide_function = std::function<handshake_verdict(std::string_view target)>;
  using accepted_function = std::function<void(std::unique_ptr<web_socket>)>;

  // `port` 0: a free one. Messages above `message_limit` bytes are answered with close 1009. `strike` is asked at the
  // steps accepted and handshake. Throws boost::system::system_error when it cannot bind.
  web_socket_listener(boost::asio::io_context& context, std::uint16_t port, std::size_t message_limit,
                      decide_function decide, strike_function strike, accepted_function accepted);
  ~web_socket_listener();
  web_socket_listener(const web_socket_listener&) = delete;
  web_socket_listener& operator=(const web_socket_listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace test_upstream
