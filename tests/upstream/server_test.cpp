// SPDX-License-Identifier: MIT
// The library as benchmarks use it: the raw path, its back-pressure and its end. The rest is driven by client-test.js.
#include "tests/upstream/server.hpp"

#include <array>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include "tests/upstream/web_socket.hpp"

namespace test_upstream {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// More than the kernel keeps for both ends of a connection, so that a client which does not read is felt.
constexpr std::size_t flood_size = 64u << 20;

class raw_path : public testing::Test {
 protected:
  raw_path() : thread_([this] { context_.run(); }) {
    on_thread([this] {
      server_ = std::make_unique<server>(context_, server_options{}, [this](const report& what) {
        if (what.what == report::kind::connected) connected_.set_value(what.client);
      });
    });
    peer_.connect({asio::ip::address_v4::loopback(), server_->port()});
    open();
  }

  ~raw_path() override {
    on_thread([this] { server_.reset(); });
    work_.reset();
  }

  // Runs `what` on the server's thread and waits for its end.
  template <typename Function>
  void on_thread(Function what) {
    std::promise<void> done;
    asio::post(context_, [&] {
      what();
      done.set_value();
    });
    done.get_future().get();
  }

  // Shakes hands and joins the namespace; every answer but the last is read.
  void open() {
    const std::string request =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    asio::write(peer_, asio::buffer(request));
    asio::streambuf answer;
    asio::read_until(peer_, answer, "\r\n\r\n");
    // "40" in a frame whose mask is zero.
    constexpr std::array<char, 8> connect{'\x81', '\x82', 0, 0, 0, 0, '4', '0'};
    asio::write(peer_, asio::buffer(connect));
    client_ = connected_.get_future().get();
  }

  void send(const std::string& bytes) {
    on_thread([&] {
      const bool known = server_->send_frames(client_, std::as_bytes(std::span{bytes}), [this](bool ok) {
        written_ = true;
        outcome_.set_value(ok);
      });
      ASSERT_TRUE(known);
    });
  }

  // Reads from the connection until `expected` has come, which everything after the namespace's answer must be.
  void expect(const std::string& expected) {
    const std::string last = "\"socket-1\"}";
    std::string got;
    while (got.find(last) == std::string::npos) got.push_back(read(1).front());
    EXPECT_TRUE(read(expected.size()) == expected);
  }

  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    asio::read(peer_, asio::buffer(bytes));
    return bytes;
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::promise<std::uint64_t> connected_;
  std::promise<bool> outcome_;
  bool written_ = false;  // of the server's thread
  std::unique_ptr<server> server_;
  tcp::socket peer_{context_};
  std::uint64_t client_ = 0;
  std::jthread thread_;
};

TEST(text_frame, has_the_three_forms_of_length) {
  using namespace std::string_literals;
  EXPECT_EQ(text_frame("hello"), "\x81\x05hello");
  EXPECT_EQ(text_frame(std::string(125, 'x')).substr(0, 2), "\x81\x7d");
  EXPECT_EQ(text_frame(std::string(126, 'x')).substr(0, 4), "\x81\x7e\x00\x7e"s);
  EXPECT_EQ(text_frame(std::string(65535, 'x')).substr(0, 4), "\x81\x7e\xff\xff"s);
  EXPECT_EQ(text_frame(std::string(65536, 'x')).substr(0, 10), "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST_F(raw_path, bytes_arrive_as_they_are) {
  const std::string burst = text_frame("42[\"a\"]") + text_frame(std::string(300, 'b')) + text_frame("");
  send(burst);
  EXPECT_TRUE(outcome_.get_future().get());
  expect(burst);
}

TEST_F(raw_path, a_client_that_does_not_read_is_felt) {
  const std::string flood(flood_size, 'f');
  send(flood);
  on_thread([this] { EXPECT_FALSE(written_); });
  expect(flood);
  EXPECT_TRUE(outcome_.get_future().get());
}

TEST_F(raw_path, a_drop_ends_what_is_under_way) {
  const std::string flood(flood_size, 'f');
  send(flood);
  on_thread([this] { server_->drop_all(); });
  EXPECT_FALSE(outcome_.get_future().get());
}

TEST_F(raw_path, nobody_is_no_client) {
  on_thread([this] { EXPECT_FALSE(server_->send_frames(client_ + 1, {}, nullptr)); });
}

}  // namespace
}  // namespace test_upstream
