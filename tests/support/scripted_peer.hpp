// SPDX-License-Identifier: MIT
// An HTTP and WebSocket server on a loopback port that does exactly what a test's coroutine tells it, byte for byte.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/io.hpp"

namespace roombridge::upstream::test {

// A frame as a server sends it: whole and not masked; at most 65,535 bytes.
[[nodiscard]] std::string server_frame(std::uint8_t opcode, std::string_view payload);
[[nodiscard]] std::string server_text(std::string_view payload);

// Engine.IO's open packet with far deadlines.
inline constexpr std::string_view open_packet =
    R"(0{"sid":"e","upgrades":[],"pingInterval":250000,"pingTimeout":200000,"maxPayload":1000000})";

// One connection of a client.
class scripted_connection {
 public:
  explicit scripted_connection(io::context& context) : socket_(context) {}

  [[nodiscard]] io::task<std::string> read_request();  // to the end of the HTTP header, and of a body with a length
  [[nodiscard]] io::task<> switch_protocols(std::string request,
                                            std::string_view behind);                    // answers 101, like upgrade()
  [[nodiscard]] io::task<> answer(std::string_view body, std::string_view fields = "");  // 200, with these header lines
  [[nodiscard]] io::task<> write(std::string bytes);
  [[nodiscard]] io::task<> send(std::string_view text) { return write(server_text(text)); }

  struct frame {
    std::uint8_t opcode = 0;
    std::string payload;
  };
  // The client's next frame; nothing when it has closed.
  [[nodiscard]] io::task<std::optional<frame>> read_frame();
  [[nodiscard]] io::task<std::string> read_text();  // the next text frame's payload; "" when it has closed
  [[nodiscard]] io::task<> read_to_end();           // until the client closes
  void drop();

 private:
  friend class scripted_peer;
  [[nodiscard]] io::task<bool> fill(std::size_t size);

  boost::asio::basic_stream_socket<boost::asio::ip::tcp, io::executor> socket_;
  std::string received_;
};

// The server. It is its last connection itself, for tests of clients that have only one.
class scripted_peer : public scripted_connection {
 public:
  explicit scripted_peer(io::context& context);

  [[nodiscard]] std::string url() const;

  [[nodiscard]] io::task<> accept();  // the next connection; the last one is dropped
  [[nodiscard]] io::task<> accept(scripted_connection& into);
  [[nodiscard]] io::task<> upgrade(
      std::string_view behind);  // accept, read, answer 101, with these bytes in the same write
  // upgrade, open, CONNECT, authentication; returns the text that asked for it.
  [[nodiscard]] io::task<std::string> welcome();

 private:
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, io::executor> acceptor_;
};

}  // namespace roombridge::upstream::test
