// SPDX-License-Identifier: MIT
// One client of the test upstream: the Engine.IO 4 session over its WebSocket. It opens the session, keeps the
// heartbeat, puts binary packets together and hands whole Socket.IO packets on. Whatever the reference server closes
// for is closed for here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/upstream/packet.hpp"
#include "tests/upstream/server.hpp"
#include "tests/upstream/web_socket.hpp"

namespace test_upstream {

class session : public std::enable_shared_from_this<session> {
 public:
  using packet_function = std::function<void(packet)>;
  using end_function = std::function<void(std::string_view why)>;

  session(boost::asio::io_context& context, std::unique_ptr<web_socket> socket, std::uint64_t id,
          const session_options& options, strike_function strike, packet_function on_packet, end_function on_end);

  // Opens the session. `on_end` is called once, never from within a call of this class; nothing is called after it.
  void start();

  [[nodiscard]] std::uint64_t id() const { return id_; }

  // Tells that a namespace was joined: the connect timeout is over.
  void connected() { connect_timer_.cancel(); }

  // What is due at this step, unless a fault happens.
  void send(step at, const outgoing& what);
  void send(step at, std::string message);
  void send_control(packet_type type, std::string_view nsp, std::string_view data);
  void send_text(std::string message) { socket_->send(std::move(message)); }
  void send_raw(std::span<const std::byte> frames, web_socket::written_function done);

  // Closes as the reference server does, without a code (1005). `why` reaches on_end. Packets that still arrive are
  // ignored.
  void close(std::string_view why);

  // Cuts the TCP connection.
  void drop(std::string_view why);

 private:
  using steady = std::chrono::steady_clock;
  using timer = boost::asio::basic_waitable_timer<steady, boost::asio::wait_traits<steady>,
                                                  boost::asio::io_context::executor_type>;

  void ping();
  void expect_pong();
  void on_closed(std::string_view why);
  void on_message(std::string_view data, bool binary);
  void on_text(std::string_view text);
  void on_attachment(std::string_view data);
  void commit(const fault& what, std::string due);

  std::uint64_t id_;
  session_options options_;
  strike_function strike_;
  packet_function on_packet_;
  end_function on_end_;
  timer ping_timer_;
  timer connect_timer_;
  std::optional<packet> incomplete_;  // a binary packet that waits for attachments
  std::string closing_;               // why we closed; empty: we did not
  std::unique_ptr<web_socket> socket_;
};

}  // namespace test_upstream
