// SPDX-License-Identifier: MIT
#include "tests/bench/subscribers.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <roombridge/proto/frame.hpp>

#include "tests/bench/source.hpp"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace proto = roombridge::proto;
using local = asio::local::stream_protocol;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "load: %s\n", what);
  std::exit(1);
}

// One buffer serves all: a subscriber keeps only what was cut off at its end.
std::array<char, 256 * 1024> shared_buffer;

}  // namespace

class subscribers::one {
 public:
  one(asio::io_context& context, const subscriber_options& options, std::size_t index, const event_function& on_event)
      : options_(options), index_(index), on_event_(on_event), socket_(context) {
    socket_.connect(local::endpoint(options.socket));
    socket_.non_blocking(true);
    if (options.kind == wire::frames) {
      std::string hello;
      const bool fits =
          proto::append_frame(hello, proto::frame_type::hello, R"({"versions":[1],"client":"bench"})") &&
          proto::append_frame(hello, proto::frame_type::subscribe, R"({"id":1,"events":["reservation_update"]})");
      if (!fits) fail("the requests are too large");
      asio::write(socket_, asio::buffer(hello));
    } else {
      ready_ = true;
    }
    wait();
  }

  bool ready() const { return ready_; }

 private:
  void wait() {
    socket_.async_wait(local::socket::wait_read, [this](const boost::system::error_code& error) {
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
    const std::size_t total = rest_.size() + size;
    const std::size_t used = options_.kind == wire::frames ? consume_frames(total) : consume_raw(total);
    rest_.assign(shared_buffer.data() + used, total - used);
  }

  std::size_t consume_raw(std::size_t total) {
    std::size_t at = 0;
    for (; total - at >= options_.raw_frame_size; at += options_.raw_frame_size)
      on_event_(index_, shared_buffer.data() + at + options_.raw_stamp_position);
    return at;
  }

  std::size_t consume_frames(std::size_t total) {
    std::size_t at = 0;
    while (total - at >= proto::header_size) {
      proto::header_bytes bytes;
      std::memcpy(bytes.data(), shared_buffer.data() + at, bytes.size());
      const proto::header header = proto::decode_header(bytes);
      if (total - at < proto::header_size + header.body_length) break;
      on_frame(header, shared_buffer.data() + at + proto::header_size);
      at += proto::header_size + header.body_length;
    }
    return at;
  }

  void on_frame(const proto::header& header, const char* body) {
    switch (header.type) {
      case proto::frame_type::event:
        return on_event_(index_, body + header.head_length + stamp_offset);
      case proto::frame_type::live:
        ready_ = true;
        return;
      case proto::frame_type::gap:
        fail("a subscriber got a GAP: the run is void");
      case proto::frame_type::error:
      case proto::frame_type::bye:
        fail(std::string(body, header.body_length).c_str());
      default:
        return;
    }
  }

  const subscriber_options& options_;
  std::size_t index_;
  const event_function& on_event_;
  local::socket socket_;
  std::string rest_;
  bool ready_ = false;
};

subscribers::subscribers(asio::io_context& context, const subscriber_options& options, event_function on_event)
    : options_(options), on_event_(std::move(on_event)) {
  all_.reserve(options.count);
  for (std::size_t i = 0; i < options.count; ++i)
    all_.push_back(std::make_unique<one>(context, options_, i, on_event_));
}

subscribers::~subscribers() = default;

std::size_t subscribers::ready() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const auto& each) { return each->ready(); }));
}

}  // namespace bench
