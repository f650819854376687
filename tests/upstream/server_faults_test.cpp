// SPDX-License-Identifier: MIT
// What a client sees of each fault.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "tests/upstream/server_fixture.hpp"
#include "tests/upstream/web_socket.hpp"

namespace test_upstream {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;
using kind = fault::kind;
using testing::EndsWith;
using testing::StartsWith;

class faults : public server_fixture {
 protected:
  faults()
      : server_fixture([this](const report& what) {
          if (what.what != report::kind::struck) return;
          const std::lock_guard lock(mutex_);
          struck_ += std::string{what.name} + " " + std::string{what.text} + "\n";
          changed_.notify_all();
        }) {}

  void disturb(fault what) {
    on_thread([&] { server_->disturb(std::move(what)); });
  }

  // All faults that have happened, once there is one.
  std::string struck() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !struck_.empty(); });
    return struck_;
  }

  // A connection that has asked for a WebSocket.
  tcp::socket visitor() {
    error_code ignored;
    return visitor(ignored);
  }
  // `failed`: it was reset before that was written.
  tcp::socket visitor(error_code& failed) {
    tcp::socket peer(context_);
    connect(peer);
    asio::write(peer, asio::buffer(handshake_request), failed);
    return peer;
  }

  // One whose WebSocket stands.
  tcp::socket client() {
    tcp::socket peer = visitor();
    read_to(peer, "\r\n\r\n");
    return peer;
  }

  // All that still comes, and how it ends.
  static std::pair<std::string, error_code> rest(tcp::socket& peer) {
    std::string bytes;
    error_code error;
    asio::read(peer, asio::dynamic_buffer(bytes), error);
    return {bytes, error};
  }

  // The same for a connection that the client ends.
  static std::pair<std::string, error_code> rest_after_our_end(tcp::socket& peer) {
    peer.shutdown(tcp::socket::shutdown_send);
    return rest(peer);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string struck_;
};

const std::pair<std::string, error_code> silent_end{"", asio::error::eof};

TEST_F(faults, silence_ends_when_the_client_ends) {
  for (const step at : {step::accepted, step::handshake}) {
    disturb({.what = kind::silence, .at = at});
    auto peer = visitor();
    EXPECT_EQ(rest_after_our_end(peer), silent_end);
  }
  disturb({.what = kind::silence, .at = step::open});
  auto peer = client();
  say(peer, "40");
  EXPECT_EQ(rest_after_our_end(peer), silent_end);
  EXPECT_EQ(struck(), "accepted silence\nhandshake silence\nopen silence\n");
}

TEST_F(faults, half_open_never_ends) {
  for (const step at : {step::accepted, step::handshake, step::open}) {
    disturb({.what = kind::half_open, .at = at, .times = 1});
    auto peer = at == step::open ? client() : visitor();
    EXPECT_EQ(struck(), std::string{to_string(at)} + " half_open\n");
    peer.shutdown(tcp::socket::shutdown_send);
    // Another client's whole visit: by then a server that reads would have seen the end of this one.
    auto other = client();
    rest_after_our_end(other);
    on_thread([&] { EXPECT_EQ(server_->clients(), 0u); });
    peer.non_blocking(true);
    char byte = 0;
    error_code error;
    peer.read_some(asio::buffer(&byte, 1), error);
    EXPECT_EQ(error, asio::error::would_block);
    struck_.clear();
  }
}

TEST_F(faults, fin_ends_our_half) {
  for (const step at : {step::accepted, step::handshake, step::open}) {
    disturb({.what = kind::fin, .at = at});
    auto peer = at == step::open ? client() : visitor();
    EXPECT_EQ(rest(peer), silent_end);
  }
}

TEST_F(faults, reset_is_a_reset) {
  for (const step at : {step::accepted, step::handshake, step::open}) {
    disturb({.what = kind::reset, .at = at});
    error_code failed;
    auto peer = visitor(failed);
    EXPECT_EQ(failed ? failed : rest(peer).second, asio::error::connection_reset);
  }
}

TEST_F(faults, bytes_come_instead_of_what_is_due) {
  for (const step at : {step::accepted, step::handshake, step::open}) {
    disturb({.what = kind::bytes, .at = at, .text = "noise"});
    auto peer = at == step::open ? client() : visitor();
    EXPECT_EQ(read(peer, 5), "noise");
    EXPECT_EQ(rest_after_our_end(peer), silent_end);
  }
}

TEST_F(faults, close_is_a_close_frame) {
  disturb({.what = kind::close, .at = step::open});
  auto peer = client();
  EXPECT_EQ(read(peer, 2), std::string("\x88\0", 2));
}

TEST_F(faults, messages_come_instead_before_and_twice) {
  disturb({.what = kind::text, .at = step::connect, .text = "instead"});
  auto peer = client();
  read_to(peer, "}");
  say(peer, "40");
  EXPECT_EQ(read(peer, 9), text_frame("instead"));

  disturb({.what = kind::before, .at = step::established, .text = "before"});
  say(peer, R"(421["question"])");
  const std::string answer = text_frame(R"(431[{"ok":true}])");
  EXPECT_EQ(read(peer, 8 + answer.size()), text_frame("before") + answer);

  disturb({.what = kind::twice, .at = step::join});
  say(peer, R"(421["join_room",{}])");
  const std::string refusal = text_frame(R"(431[{"ok":false,"message":"no roomId"}])");
  EXPECT_EQ(read(peer, 2 * refusal.size()), refusal + refusal);

  disturb({.what = kind::twice, .at = step::authenticate});
  say(peer, R"(42["authenticate",{}])");
  const std::string error = text_frame(R"(42["auth_error",{"message":"invalid token"}])");
  EXPECT_EQ(read(peer, 2 * error.size()), error + error);
}

TEST_F(faults, slow_sends_every_byte_alone) {
  for (const step at : {step::accepted, step::handshake, step::open}) {
    disturb({.what = kind::slow, .at = at, .pace = 2ms});
    auto peer = at == step::open ? client() : visitor();
    const auto begun = std::chrono::steady_clock::now();
    const std::string got = read_to(peer, "}");
    EXPECT_THAT(got, EndsWith("\"maxPayload\":1000000}"));
    // The first may have been on its way before we looked.
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 1ms * static_cast<int>(got.size()));
  }
}

TEST_F(faults, happen_so_often_and_no_more) {
  disturb({.what = kind::fin, .at = step::open, .times = 2});
  for (int count = 0; count < 2; ++count) {
    auto peer = client();
    EXPECT_EQ(rest(peer), silent_end);
  }
  auto peer = client();
  EXPECT_THAT(read_to(peer, "}"), EndsWith("}"));
  EXPECT_EQ(struck(), "open fin\nopen fin\n");
}

}  // namespace
}  // namespace test_upstream
