// SPDX-License-Identifier: MIT
#include "tests/bench/subscribers.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/event_pool.hpp"

namespace bench {
namespace {

namespace asio = boost::asio;
using protocol = asio::generic::stream_protocol;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "load: %s\n", what);
  std::exit(1);
}

// While one exists, connections are made as this user.
class other_user {
 public:
  explicit other_user(std::optional<uid_t> uid) : changed_(uid.has_value()) {
    if (uid && ::seteuid(*uid) != 0) fail("only root can connect as another user");
  }
  ~other_user() {
    if (changed_ && ::seteuid(::getuid()) != 0) fail("cannot become root again");
  }
  other_user(const other_user&) = delete;
  other_user& operator=(const other_user&) = delete;

 private:
  bool changed_;
};

protocol::endpoint where(const subscriber_options& options) {
  if (options.port != 0) return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), options.port);
  return asio::local::stream_protocol::endpoint(options.socket);
}

// One buffer serves all: a subscriber keeps only what was cut off at its end.
std::array<char, 256 * 1024> shared_buffer;

}  // namespace

class subscribers::one final : receiver {
 public:
  one(asio::io_context& context, subscribers& owner, const wire& as, std::size_t number)
      : owner_(owner), wire_(as), number_(number), socket_(context) {
    socket_.connect(where(owner.options_));
    socket_.non_blocking(true);
    asio::write(socket_, asio::buffer(as.subscription(number, owner.options_.own ? reservation_id(number) : "")));
    if (!owner.options_.wait_ready) on_ready();
    wait();
  }

 private:
  void wait() {
    if (ready_ && number_ < owner_.options_.stopped) return;
    socket_.async_wait(protocol::socket::wait_read, [this](const boost::system::error_code& error) {
      if (error) return;
      read();
      wait();
    });
  }

  void read() {
    std::copy(rest_.begin(), rest_.end(), shared_buffer.begin());
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(
        asio::buffer(shared_buffer.data() + rest_.size(), shared_buffer.size() - rest_.size()), error);
    if (error == asio::error::would_block) return;
    if (error) fail("a subscriber's connection ended");
    const std::string_view bytes{shared_buffer.data(), rest_.size() + size};
    rest_ = bytes.substr(wire_.consume(bytes, *this));
  }

  void on_ready() override {
    ready_ = true;
    ++owner_.ready_;
  }
  void on_event(const char* payload) override { owner_.on_event_(number_, payload + stamp_offset); }

  subscribers& owner_;
  const wire& wire_;
  const std::size_t number_;
  protocol::socket socket_;
  std::string rest_;
  bool ready_ = false;
};

subscribers::subscribers(asio::io_context& context, const wire& as, const subscriber_options& options,
                         event_function on_event)
    : options_(options), on_event_(std::move(on_event)) {
  const other_user whose(options.uid);
  all_.reserve(options.count);
  for (std::size_t i = 0; i < options.count; ++i) all_.push_back(std::make_unique<one>(context, *this, as, i));
}

subscribers::~subscribers() = default;

}  // namespace bench
