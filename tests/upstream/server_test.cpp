// SPDX-License-Identifier: MIT
// The library as benchmarks use it: the raw path, its back-pressure and its end. The rest is driven by client-test.js.
#include "tests/upstream/server.hpp"

#include <future>
#include <span>
#include <string>

#include "tests/upstream/server_fixture.hpp"
#include "tests/upstream/web_socket.hpp"

namespace test_upstream {
namespace {

// More than the kernel keeps for both ends of a connection, so that a client which does not read is felt.
constexpr std::size_t flood_size = 64u << 20;

class raw_path : public server_fixture {
 protected:
  raw_path()
      : server_fixture([this](const report& what) {
          if (what.what == report::kind::connected) connected_.set_value(what.client);
        }) {
    connect(peer_);
    asio::write(peer_, asio::buffer(handshake_request));
    read_to(peer_, "\r\n\r\n");
    say(peer_, "40");
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
    read_to(peer_, "\"socket-1\"}");
    EXPECT_TRUE(read(peer_, expected.size()) == expected);
  }

  std::promise<std::uint64_t> connected_;
  std::promise<bool> outcome_;
  bool written_ = false;  // of the server's thread
  tcp::socket peer_{context_};
  std::uint64_t client_ = 0;
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
