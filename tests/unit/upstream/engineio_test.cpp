// SPDX-License-Identifier: MIT
#include "daemon/upstream/engineio.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream::engineio {
namespace {

using namespace std::chrono_literals;

TEST(engineio, decodes_every_type) {
  constexpr std::string_view types = "0123456";
  for (const char type : types) {
    const std::string text = type + std::string{"data"};
    const auto decoded = decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(static_cast<char>(decoded->type), type);
    EXPECT_EQ(decoded->data, "data");
    EXPECT_EQ(decoded->data.data(), text.data() + 1);
  }
}

TEST(engineio, decodes_packets_without_data) {
  EXPECT_EQ(decode("2")->type, packet_type::ping);
  EXPECT_EQ(decode("2")->data, "");
  EXPECT_EQ(decode("3probe")->data, "probe");
}

TEST(engineio, refuses_what_is_no_packet) {
  EXPECT_EQ(decode("").error(), error::empty_packet);
  for (const std::string_view text : {"7", "/", "b", "HTTP/1.1", "\xff", " 4"}) {
    EXPECT_EQ(decode(text).error(), error::unknown_type) << text;
  }
}

TEST(engineio, encodes_what_it_decodes) {
  for (const char type : std::string_view{"0123456"}) {
    for (const std::string_view data : {"", "probe", "2[\"예약\"]"}) {
      std::string out;
      append_packet(out, static_cast<packet_type>(type), data);
      EXPECT_EQ(out, type + std::string{data});
      EXPECT_EQ(static_cast<char>(decode(out)->type), type);
      EXPECT_EQ(decode(out)->data, data);
    }
  }
}

TEST(engineio, parses_the_open_packet) {
  const auto parsed = parse_open(
      R"({"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->sid, "lv_VI97HAXpY6yYWAAAC");
  EXPECT_EQ(parsed->ping_interval, 25s);
  EXPECT_EQ(parsed->ping_timeout, 20s);
  EXPECT_EQ(parsed->max_payload, 1'000'000u);
}

TEST(engineio, takes_any_order_and_unknown_fields) {
  const auto parsed =
      parse_open(R"({"x":{"y":[1]},"pingTimeout":1,"maxPayload":1e6,"pingInterval":86400000.0,"sid":"a"})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->ping_interval, 24h);
  EXPECT_EQ(parsed->ping_timeout, 1ms);
  EXPECT_EQ(parsed->max_payload, 1'000'000u);
}

// 3.x servers have no maxPayload; one set to Infinity travels as null.
TEST(engineio, takes_an_open_packet_without_max_payload) {
  EXPECT_EQ(parse_open(R"({"sid":"a","pingInterval":1,"pingTimeout":1})")->max_payload, std::nullopt);
  EXPECT_EQ(parse_open(R"({"sid":"a","pingInterval":1,"pingTimeout":1,"maxPayload":null})")->max_payload, std::nullopt);
}

TEST(engineio, knows_whether_websocket_is_offered) {
  const auto offers = [](std::string_view upgrades) {
    return parse_open(R"({"sid":"a","pingInterval":1,"pingTimeout":1,"upgrades":)" + std::string(upgrades) + "}")
        ->offers_websocket;
  };
  EXPECT_TRUE(offers(R"(["webtransport","websocket"])"));
  EXPECT_FALSE(offers(R"(["websockets",1,null])"));
  EXPECT_FALSE(offers("[]"));
  EXPECT_FALSE(offers(R"("websocket")"));
}

struct bad_open {
  std::string data;
  error why;
};

TEST(engineio, names_what_is_wrong_with_an_open_packet) {
  const auto with = [](std::string_view sid, std::string_view interval, std::string_view timeout,
                       std::string_view most) {
    return std::string{"{\"sid\":"}.append(sid) + ",\"pingInterval\":" + std::string{interval} +
           ",\"pingTimeout\":" + std::string{timeout} + ",\"maxPayload\":" + std::string{most} + "}";
  };
  const std::string long_sid = '"' + std::string(sid_limit + 1, 's') + '"';
  const std::vector<bad_open> all{
      {"", error::open_not_json},
      {"{", error::open_not_json},
      {"[]", error::open_not_json},
      {"{} {}", error::open_not_json},
      {"\xff", error::open_not_json},
      {std::string(5000, '['), error::open_not_json},
      {std::string(open_limit + 1, ' '), error::open_too_large},
      {"{}", error::bad_sid},
      {with("1", "1", "1", "1"), error::bad_sid},
      {with("\"\"", "1", "1", "1"), error::bad_sid},
      {with(long_sid, "1", "1", "1"), error::bad_sid},
      {R"({"sid":"a"})", error::bad_interval},
      {with("\"a\"", "0", "1", "1"), error::bad_interval},
      {with("\"a\"", "-1", "1", "1"), error::bad_interval},
      {with("\"a\"", "1.5", "1", "1"), error::bad_interval},
      {with("\"a\"", "\"1\"", "1", "1"), error::bad_interval},
      {with("\"a\"", "86400001", "1", "1"), error::bad_interval},
      {with("\"a\"", "1e300", "1", "1"), error::bad_interval},
      {with("\"a\"", "18446744073709551615", "1", "1"), error::bad_interval},
      {R"({"sid":"a","pingInterval":1})", error::bad_timeout},
      {with("\"a\"", "1", "0", "1"), error::bad_timeout},
      {with("\"a\"", "1", "86400001", "1"), error::bad_timeout},
      {with("\"a\"", "1", "1", "0"), error::bad_max_payload},
      {with("\"a\"", "1", "1", "-5"), error::bad_max_payload},
      {with("\"a\"", "1", "1", "true"), error::bad_max_payload},
      {with("\"a\"", "1", "1", "9007199254740993"), error::bad_max_payload},
  };
  for (const auto& each : all) {
    const auto parsed = parse_open(each.data);
    ASSERT_FALSE(parsed) << each.data;
    EXPECT_EQ(parsed.error(), each.why) << each.data << ": " << to_string(parsed.error());
  }
}

// Without its trailing slash a server cuts the WebSocket after a second.
TEST(engineio, asks_for_the_path_with_its_slashes) {
  EXPECT_EQ(target("/socket.io/", "websocket"), "/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(target("/socket.io", "websocket"), "/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(target("a/b", "polling"), "/a/b/?EIO=4&transport=polling");
  EXPECT_EQ(target("", "websocket"), "/?EIO=4&transport=websocket");
}

// As socket.io 2.5.1 answers to EIO=4.
TEST(engineio, recognises_version_3) {
  EXPECT_TRUE(is_engineio3("40", false));
  EXPECT_TRUE(is_engineio3("40", true));
  EXPECT_TRUE(is_engineio3("44\"not allowed\"", false));
}

TEST(engineio, does_not_mistake_version_4) {
  EXPECT_FALSE(is_engineio3(R"(0{"sid":"a"})", false));
  EXPECT_FALSE(is_engineio3(R"(40{"sid":"a"})", false));
  EXPECT_FALSE(is_engineio3("40/admin,", false));
  EXPECT_FALSE(is_engineio3(R"(44{"message":"not allowed"})", false));
  EXPECT_FALSE(is_engineio3("44\"Unable to connect\"", true));
  EXPECT_FALSE(is_engineio3("2", false));
  EXPECT_FALSE(is_engineio3("", false));
}

}  // namespace
}  // namespace roombridge::upstream::engineio
