// SPDX-License-Identifier: MIT
#include "tests/bench/source.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/upstream/server.hpp"
#include "tests/upstream/web_socket.hpp"

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

class raw_source final : public source {
 public:
  explicit raw_source(asio::io_context& context)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), socket_(context) {
    acceptor_.async_accept(socket_, [this](const boost::system::error_code& error) { connected_ = !error; });
  }

  unsigned short port() const override { return acceptor_.local_endpoint().port(); }
  bool connected() const override { return connected_; }
  void send(std::span<const std::byte> bytes, std::function<void()> done) override {
    asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                      [done = std::move(done)](const boost::system::error_code& error, std::size_t) {
                        if (error) {
                          std::fprintf(stderr, "load: the raw copier went away: %s\n", error.message().c_str());
                          std::exit(1);
                        }
                        done();
                      });
  }

 private:
  tcp::acceptor acceptor_;
  tcp::socket socket_;
  bool connected_ = false;
};

}  // namespace

std::unique_ptr<source> make_socketio_source(asio::io_context& context) {
  return std::make_unique<socketio_source>(context);
}
std::unique_ptr<source> make_raw_source(asio::io_context& context) {
  return std::make_unique<raw_source>(context);
}

std::string event_frame(std::size_t payload_size, unsigned long long stamp) {
  char head[128];
  std::snprintf(head, sizeof head,
                R"([{"t":"%020llu","reservationId":"r-1234567","shopId":"s-42","status":"confirmed",)", stamp);
  std::string payload =
      std::string(head) + R"("userId":"u-77","updateType":"confirmed","timestamp":1764000000000,"data":{"note":")";
  constexpr std::string_view tail = R"("}}])";
  if (payload.size() + tail.size() > payload_size) {
    std::fprintf(stderr, "load: a payload has at least %zu bytes\n", payload.size() + tail.size());
    std::exit(2);
  }
  payload.append(payload_size - payload.size() - tail.size(), 'x');
  payload += tail;
  // In the packet the name comes first: ["name",{…}] where the payload is [{…}].
  return test_upstream::text_frame(R"(42["reservation_update",)" + payload.substr(1));
}

std::size_t stamp_position(const std::string& frame) {
  return frame.find(R"({"t":")") + 6;
}

}  // namespace bench
