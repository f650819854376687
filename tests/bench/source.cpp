// SPDX-License-Identifier: MIT
#include "tests/bench/source.hpp"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/upstream/server.hpp"

namespace bench {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

class socketio_source final : public source {
 public:
  explicit socketio_source(asio::io_context& context)
      : server_(context, options(), [this](const test_upstream::report& what) { on_report(what); }) {}

  unsigned short port() const override { return server_.port(); }
  bool connected() const override { return client_ != 0; }
  void send(std::span<const std::byte> bytes, std::function<void()> done) override {
    const auto on_done = [done = std::move(done)](bool ok) {
      if (ok) return done();
      std::fprintf(stderr, "load: the measured program closed its upstream connection\n");
      std::exit(1);
    };
    if (!server_.send_frames(client_, bytes, on_done)) on_done(false);
  }

 private:
  static test_upstream::server_options options() {
    test_upstream::server_options result;
    // No ping may fall between the raw frames of a run.
    result.session.ping_interval = std::chrono::minutes(10);
    result.tokens["bench"] = "bench";
    return result;
  }

  void on_report(const test_upstream::report& what) {
    if (what.what == test_upstream::report::kind::authenticated) client_ = what.client;
  }

  std::uint64_t client_ = 0;
  test_upstream::server server_;
};

void write_all(auto& socket, std::span<const std::byte> bytes, std::function<void()> done) {
  asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()),
                    [done = std::move(done)](const boost::system::error_code& error, std::size_t) {
                      if (!error) return done();
                      std::fprintf(stderr, "load: the measured program went away: %s\n", error.message().c_str());
                      std::exit(1);
                    });
}

class raw_source final : public source {
 public:
  explicit raw_source(asio::io_context& context)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), socket_(context) {
    acceptor_.async_accept(socket_, [this](const boost::system::error_code& error) { connected_ = !error; });
  }

  unsigned short port() const override { return acceptor_.local_endpoint().port(); }
  bool connected() const override { return connected_; }
  void send(std::span<const std::byte> bytes, std::function<void()> done) override {
    write_all(socket_, bytes, std::move(done));
  }

 private:
  tcp::acceptor acceptor_;
  tcp::socket socket_;
  bool connected_ = false;
};

class publisher final : public source {
 public:
  publisher(asio::io_context& context, asio::generic::stream_protocol::endpoint where, std::string greeting)
      : where_(std::move(where)), greeting_(std::move(greeting)), socket_(context), timer_(context) {
    connect();
  }

  bool connected() const override { return connected_; }
  void send(std::span<const std::byte> bytes, std::function<void()> done) override {
    write_all(socket_, bytes, std::move(done));
  }

 private:
  void connect() {
    boost::system::error_code error;
    socket_.close(error);
    socket_.connect(where_, error);
    if (!error) {
      asio::write(socket_, asio::buffer(greeting_));
      connected_ = true;
      return read();
    }
    timer_.expires_after(std::chrono::milliseconds(10));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) connect();
    });
  }

  void read() {
    socket_.async_read_some(asio::buffer(unread_), [this](const boost::system::error_code& error, std::size_t) {
      if (!error) read();
    });
  }

  const asio::generic::stream_protocol::endpoint where_;
  const std::string greeting_;
  asio::generic::stream_protocol::socket socket_;
  asio::steady_timer timer_;
  std::array<char, 4096> unread_;
  bool connected_ = false;
};

}  // namespace

std::unique_ptr<source> make_socketio_source(asio::io_context& context) {
  return std::make_unique<socketio_source>(context);
}
std::unique_ptr<source> make_raw_source(asio::io_context& context) {
  return std::make_unique<raw_source>(context);
}

std::unique_ptr<source> make_publisher(asio::io_context& context, const std::string& socket, unsigned short port,
                                       std::string greeting) {
  asio::generic::stream_protocol::endpoint where = asio::local::stream_protocol::endpoint(socket);
  if (port != 0) where = tcp::endpoint(asio::ip::address_v4::loopback(), port);
  return std::make_unique<publisher>(context, std::move(where), std::move(greeting));
}

}  // namespace bench
