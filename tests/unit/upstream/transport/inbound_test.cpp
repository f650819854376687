// SPDX-License-Identifier: MIT
// inbound as the WebSocket transport feeds it: through ws_reader.
#include "daemon/upstream/transport/inbound.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/upstream/transport/ws_reader.hpp"

namespace roombridge::upstream {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An unmasked frame, as servers send them.
std::string frame(std::uint8_t opcode, std::string_view payload) {
  std::string out(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  return out.append(payload);
}
std::string text(std::string_view payload) {
  return frame(1, payload);
}
std::string binary(std::string_view payload) {
  return frame(2, payload);
}

class recorder : public inbound_sink {
 public:
  bool wants_more() const override { return more; }
  bool max_payload_announced() const override { return opened; }
  bool namespace_joined() const override { return joined; }
  void on_engine_packet(const engineio::packet& packet) override {
    said.push_back("engine " + std::string(1, static_cast<char>(packet.type)) + std::string(packet.data));
  }
  void on_packet(const socketio::packet& packet) override { said.push_back("packet " + std::string(packet.data)); }
  void on_event(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) override {
    said.push_back("event " + std::string(packet.data) + sizes(attachments));
    if (stop_at_event) more = false;
  }
  void on_ack(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) override {
    said.push_back("ack " + std::to_string(*packet.id) + std::string(packet.data) + sizes(attachments));
  }
  void on_malformed(std::string_view why) override { said.push_back("malformed " + std::string(why)); }
  void on_broken(const failure& why, std::uint16_t code) override {
    said.push_back("broken " + std::string(to_string(why.why)) + ' ' + std::to_string(code));
    words = why.text;
    more = false;
  }

  bool more = true;
  bool opened = true;
  bool joined = true;
  bool stop_at_event = false;
  std::vector<std::string> said;
  std::string words;

 private:
  static std::string sizes(std::span<const std::span<const std::byte>> attachments) {
    std::string out;
    for (const auto& one : attachments) out += " +" + std::to_string(one.size());
    return out;
  }
};

std::vector<std::string> said(const std::string& stream, std::size_t step = std::string::npos,
                              recorder* sink = nullptr) {
  recorder own;
  recorder& to = sink != nullptr ? *sink : own;
  inbound packets(10'000, "http://server", to);
  ws_reader reader(10'000, "http://server",
                   [&to](std::string_view payload) { to.said.push_back("ping " + std::string(payload)); });
  for (std::size_t at = 0; at < stream.size(); at += std::min(step, stream.size() - at)) {
    padded_buffer piece;
    piece.append(std::string_view(stream).substr(at, step));
    reader.feed(piece.view(), packets);
  }
  return to.said;
}

TEST(inbound, hands_over_each_kind_at_every_split) {
  const std::string stream = text("2") + text(R"(42["a",1])") + frame(9, "hi") + text(R"(4312[true])") +
                             text(R"(452-["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])") +
                             binary("xyz") + binary("") + text(R"(40{"sid":"s"})") + text(R"(42["c"])");
  const auto expected = ElementsAre("engine 2", R"(event ["a",1])", "ping hi", "ack 12[true]",
                                    R"(event ["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}] +3 +0)",
                                    R"(packet {"sid":"s"})", R"(event ["c"])");
  EXPECT_THAT(said(stream), expected);
  for (std::size_t step = 1; step < stream.size(); ++step) EXPECT_THAT(said(stream, step), expected) << step;
}

TEST(inbound, drops_what_is_malformed_and_goes_on) {
  const std::string good = text(R"(42["a"])");
  for (const std::string& bad : {text("\xff\xfe"), text("9"), text(""), text("49"), text("4"), text("42"), text("451["),
                                 binary("stray"), text("4599-[]")}) {
    const auto all = said(good + bad + good);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0], R"(event ["a"])");
    EXPECT_THAT(all[1], testing::StartsWith("malformed "));
    EXPECT_EQ(all[2], R"(event ["a"])");
  }
}

TEST(inbound, drops_a_binary_event_that_is_cut_off_by_another_packet) {
  EXPECT_THAT(said(text(R"(452-["b"])") + binary("1") + text(R"(42["a"])") + binary("2") + text(R"(42["c"])")),
              ElementsAre(testing::StartsWith("malformed "), R"(event ["a"])", testing::StartsWith("malformed "),
                          R"(event ["c"])"));
}

TEST(inbound, lets_engine_packets_pass_between_attachments) {
  EXPECT_THAT(said(text(R"(451-["b"])") + text("2") + binary("1")), ElementsAre("engine 2", R"(event ["b"] +1)"));
}

TEST(inbound, names_what_breaks_the_stream) {
  recorder large;
  EXPECT_THAT(said(text(std::string(20'000, 'x')), std::string::npos, &large),
              ElementsAre("broken message_too_large 1009"));
  EXPECT_THAT(large.words, HasSubstr("10000 bytes"));
  EXPECT_THAT(said("\x81\x81xxxx"), ElementsAre("broken protocol_error 1002"));
  recorder closed;
  EXPECT_THAT(said(frame(8, "\x03\xf1no, thanks"), std::string::npos, &closed),
              ElementsAre("broken message_too_large 1009"));
  EXPECT_THAT(closed.words, HasSubstr("\"no, thanks\""));
  EXPECT_THAT(said(frame(8, "")), ElementsAre("broken server_closed 1005"));
}

TEST(inbound, names_a_refusal_behind_the_handshake) {
  recorder sink;
  EXPECT_THAT(said("HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello", std::string::npos, &sink),
              ElementsAre("broken engine_refused 1002"));
  EXPECT_THAT(sink.words, HasSubstr("400 Bad Request"));
}

TEST(inbound, names_a_server_of_the_last_protocol) {
  recorder sink;
  sink.joined = false;
  EXPECT_THAT(said(text("40"), std::string::npos, &sink), ElementsAre("broken engine_io_3 1000"));
  EXPECT_THAT(sink.words, HasSubstr("socket.io 2"));
}

TEST(inbound, stops_when_nobody_wants_more) {
  recorder sink;
  sink.stop_at_event = true;
  EXPECT_THAT(said(text(R"(42["a"])") + text(R"(42["b"])"), std::string::npos, &sink), ElementsAre(R"(event ["a"])"));
}

}  // namespace
}  // namespace roombridge::upstream
