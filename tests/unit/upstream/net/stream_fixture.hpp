// SPDX-License-Identifier: MIT
// A stream over real loopback sockets, each peer in the same loop. Names are looked up in the test's own table.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "daemon/upstream/net/stream.hpp"
#include "tests/support/scripted_peer.hpp"

namespace roombridge::upstream::test {

using boost::asio::ip::tcp;
using tcp_socket = boost::asio::basic_stream_socket<tcp, io::executor>;
using tcp_acceptor = boost::asio::basic_socket_acceptor<tcp, io::executor>;

inline endpoint at(const std::string& url) {
  return std::get<endpoint>(make_endpoint(url, "/"));
}

inline std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

inline std::string with_tls(const std::string& url) {
  return "https" + url.substr(url.find(':'));
}

// A port that answers no connection: its queue is full, and the kernel drops what else comes.
class full_port {
 public:
  explicit full_port(io::context& context) : acceptor_(context) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    waiting_.emplace_back(context).connect(acceptor_.local_endpoint());  // fills the queue
    for (int i = 0; i < 2; ++i) waiting_.emplace_back(context).async_connect(acceptor_.local_endpoint(), [](auto) {});
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  tcp_acceptor acceptor_;
  std::deque<tcp_socket> waiting_;
};

class stream_fixture : public testing::Test {
 public:
  // Runs until it has ended, beside what else was spawned.
  template <typename T>
  T run(io::task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error, T value) {
      EXPECT_FALSE(error);
      result.emplace(std::move(value));
    });
    const auto far = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    context.restart();
    while (!result && context.run_one_until(far) != 0) {
    }
    if (!result) throw std::runtime_error("it did not end");
    return *std::move(result);
  }

  void spawn(io::task<> task) {
    boost::asio::co_spawn(context, std::move(task), [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  }

  // Why no connection could be had; cause::none: it could.
  failure connect(const std::string& url, std::chrono::milliseconds patience = std::chrono::seconds{20}) {
    return run(connection.connect(at(url), tls, patience)).value_or(failure{});
  }

  look_up_function names() {
    return [this](const std::string& host, const std::string& port) -> addresses {
      const auto entry = table.find(host + ':' + port);
      if (entry == table.end()) return "Name or service not known";
      return entry->second;
    };
  }

  std::uint16_t dead_port() {
    const tcp_acceptor gone(context, {boost::asio::ip::address_v4::loopback(), 0});
    return gone.local_endpoint().port();
  }

  io::context context{1};
  std::map<std::string, addresses> table;  // "host:port" to addresses; complete before connect()
  tls_options tls;
  tracer trace;
  stream connection{context, trace, names()};
};

// Sends the text and returns as many bytes of what comes back.
inline io::task<std::string> exchange(stream& connection, std::string text) {
  connection.write(text);
  std::string back;
  while (back.size() < text.size()) {
    const burst got = co_await connection.read();
    if (got.bytes.empty()) break;
    back += got.bytes;
  }
  co_return back;
}

inline io::task<std::string> read_once(stream& connection) {
  const burst got = co_await connection.read();
  std::string bytes(got.bytes);
  co_return bytes;
}

inline io::task<failure> read_to_end(stream& connection) {
  burst got = co_await connection.read();
  while (!got.bytes.empty()) got = co_await connection.read();
  co_return got.ended;
}

inline io::task<> hang_up(scripted_peer& peer) {
  co_await peer.accept();
  peer.drop();
}

}  // namespace roombridge::upstream::test
