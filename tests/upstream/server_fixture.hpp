// SPDX-License-Identifier: MIT
// A server on a thread of its own, and a client beside it that speaks bytes.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include "tests/upstream/server.hpp"

namespace test_upstream {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

inline constexpr std::string_view handshake_request =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

class server_fixture : public testing::Test {
 protected:
  // `on_report` is called on the server's thread.
  explicit server_fixture(server::report_function on_report) : thread_([this] { context_.run(); }) {
    on_thread([&] { server_ = std::make_unique<server>(context_, server_options{}, std::move(on_report)); });
  }

  ~server_fixture() override {
    on_thread([this] { server_.reset(); });
    work_.reset();
  }

  // Runs `what` on the server's thread and waits for its end.
  void on_thread(const std::function<void()>& what) {
    std::promise<void> done;
    asio::post(context_, [&] {
      what();
      done.set_value();
    });
    done.get_future().get();
  }

  void connect(tcp::socket& peer) { peer.connect({asio::ip::address_v4::loopback(), server_->port()}); }

  // A text message of at most 125 bytes, in a frame whose mask is zero.
  static void say(tcp::socket& peer, std::string_view text) {
    std::string frame{"\x81"};
    frame.push_back(static_cast<char>(0x80 | text.size()));
    asio::write(peer, asio::buffer(frame.append(4, '\0').append(text)));
  }

  static std::string read(tcp::socket& peer, std::size_t size) {
    std::string bytes(size, '\0');
    asio::read(peer, asio::buffer(bytes));
    return bytes;
  }

  // Up to and including the first `end`.
  static std::string read_to(tcp::socket& peer, std::string_view end) {
    std::string got;
    while (!got.ends_with(end)) got += read(peer, 1);
    return got;
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<server> server_;
  std::jthread thread_;
};

}  // namespace test_upstream
