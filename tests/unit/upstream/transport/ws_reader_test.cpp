// SPDX-License-Identifier: MIT
// What the reader decides itself. What becomes of the messages is inbound_test's, at every split of the stream.
#include "daemon/upstream/transport/ws_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/upstream/wire/padded_buffer.hpp"
#include "tests/support/scripted_peer.hpp"

namespace roombridge::upstream {
namespace {

using test::server_frame;
using test::server_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t limit = 1000;

// A server, what it sends, and what came of it.
class ws_reading : public testing::Test, private inbound_sink {
 public:
  void feed(std::string_view bytes) {
    padded_buffer piece;
    piece.append(bytes);
    reader_.feed(piece.view(), packets_);
  }

  bool stop_at_event = false;
  std::vector<std::string> happened;
  failure broken;
  std::uint16_t code = 0;

 private:
  bool wants_more() const override { return more_; }
  bool max_payload_announced() const override { return true; }
  bool namespace_joined() const override { return true; }
  void on_engine_packet(const engineio::packet& packet) override { happened.emplace_back(packet.data); }
  void on_packet(const socketio::packet&) override {}
  void on_event(const socketio::packet& packet, std::span<const std::span<const std::byte>>) override {
    happened.emplace_back(packet.data);
    if (stop_at_event) more_ = false;
  }
  void on_ack(const socketio::packet&, std::span<const std::span<const std::byte>>) override {}
  void on_malformed(std::string_view why) override { happened.emplace_back(why); }
  void on_broken(const failure& why, std::uint16_t with) override {
    happened.emplace_back("broken");
    broken = why;
    code = with;
    more_ = false;
  }

  bool more_ = true;
  inbound packets_{limit, "https://shop.example:443", *this};
  ws_reader reader_{limit, "https://shop.example:443",
                    [this](std::string_view payload) { happened.push_back("ping " + std::string(payload)); }};
};

// An unfinished frame, and the rest of its message.
std::string first_part(std::string_view payload) {
  std::string frame = server_frame(1, payload);
  frame[0] = '\x01';
  return frame;
}
std::string last_part(std::string_view payload) {
  return server_frame(0, payload);
}

TEST_F(ws_reading, answers_a_ping_inside_a_message_at_once) {
  feed(first_part("42[\"a\",") + server_frame(9, "now") + server_frame(10, "unasked"));
  EXPECT_THAT(happened, ElementsAre("ping now"));
  feed(last_part("1]"));
  EXPECT_THAT(happened, ElementsAre("ping now", "[\"a\",1]"));
}

TEST_F(ws_reading, stops_where_nobody_wants_more) {
  stop_at_event = true;
  feed(server_text("42[\"a\"]") + server_frame(9, "late") + server_text("42[\"b\"]") + server_frame(8, ""));
  EXPECT_THAT(happened, ElementsAre("[\"a\"]"));
}

TEST_F(ws_reading, is_silent_after_the_end) {
  feed(server_frame(8, "\x03\xe9"));
  feed(server_text("42[\"a\"]") + server_frame(9, ""));
  EXPECT_THAT(happened, ElementsAre("broken"));
  EXPECT_EQ(broken.why, cause::server_closed);
  EXPECT_EQ(code, 1001);
}

TEST_F(ws_reading, names_the_limit_that_a_message_in_parts_passes) {
  feed(first_part(std::string(600, 'x')));
  EXPECT_THAT(happened, IsEmpty());
  feed(last_part(std::string(401, 'x')));
  EXPECT_THAT(happened, ElementsAre("broken"));
  EXPECT_EQ(broken.why, cause::message_too_large);
  EXPECT_EQ(broken.text, "a message from https://shop.example:443 is larger than upstream.receive_limit (1000 bytes)");
  EXPECT_EQ(code, 1009);
}

TEST_F(ws_reading, takes_a_message_of_just_the_limit) {
  const std::string event = "42[\"" + std::string(limit - 6, 'x') + "\"]";
  feed(first_part(event.substr(0, 600)) + last_part(event.substr(600)));
  EXPECT_THAT(happened, ElementsAre(event.substr(2)));
}

TEST_F(ws_reading, names_the_server_that_breaks_the_protocol) {
  feed("\x83\x01x");
  EXPECT_EQ(broken.why, cause::protocol_error);
  EXPECT_THAT(broken.text, HasSubstr("https://shop.example:443 broke the WebSocket protocol: "));
  EXPECT_EQ(code, 1002);
}

TEST_F(ws_reading, takes_http_for_a_refusal_only_at_the_beginning) {
  feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(broken.why, cause::engine_refused);
  EXPECT_EQ(broken.text,
            "https://shop.example:443 refused the Engine.IO session behind the handshake: HTTP/1.1 400 Bad Request");
}

TEST_F(ws_reading, takes_http_further_on_for_a_broken_protocol) {
  feed(server_text("42[\"HTTP/1.1 400\"]"));
  feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(happened, ElementsAre("[\"HTTP/1.1 400\"]", "broken"));
  EXPECT_EQ(broken.why, cause::protocol_error);
}

}  // namespace
}  // namespace roombridge::upstream
