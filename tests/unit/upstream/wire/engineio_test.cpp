// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/engineio.hpp"

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
      parse_open(R"({"x":{"y":[1]},"pingTimeout":1,"maxPayload":1e6,"pingInterval":2592000000.0,"sid":"a"})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->ping_interval, 24h * 30);
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

std::string opening(std::string_view sid, std::string_view interval = "1", std::string_view timeout = "1",
                    std::string_view most = "1") {
  return std::string{"{\"sid\":"}.append(sid) + ",\"pingInterval\":" + std::string{interval} +
         ",\"pingTimeout\":" + std::string{timeout} + ",\"maxPayload\":" + std::string{most} + "}";
}

struct generous {
  std::string_view said;
  std::chrono::milliseconds taken;
};

TEST(engineio, takes_any_duration_that_the_reference_client_takes) {
  const generous all[] = {{"604800000", 168h},
                          {"25000.5", 25001ms},
                          {"25000.4", 25000ms},
                          {"0.1", 1ms},
                          {"0", 1ms},
                          {"1e300", 720h},
                          {"18446744073709551615", 720h},
                          {"2592000001", 720h},
                          {"\"25000\"", 25s},
                          {"\"1e3\"", 1s},
                          {"1e400", 720h},
                          {"0e400", 1ms}};
  for (const auto& [said, taken] : all) {
    const auto parsed = parse_open(opening("\"a\"", said, said));
    ASSERT_TRUE(parsed) << said << ": " << parsed.error().why;
    EXPECT_EQ(parsed->ping_interval, taken) << said;
    EXPECT_EQ(parsed->ping_timeout, taken) << said;
  }
  for (const std::string& data : {opening("\"a\"", "null", "null"), std::string(R"({"sid":"a"})")}) {
    const auto parsed = parse_open(data);
    ASSERT_TRUE(parsed) << data << ": " << parsed.error().why;
    EXPECT_EQ(parsed->ping_interval, 25s);
    EXPECT_EQ(parsed->ping_timeout, 20s);
  }
}

TEST(engineio, takes_any_max_payload_and_the_usual_where_it_says_nothing) {
  const auto most = [](std::string_view said) { return parse_open(opening("\"a\"", "1", "1", said))->max_payload; };
  EXPECT_EQ(most("1000.7"), 1000u);
  EXPECT_EQ(most("\"1000\""), 1000u);
  EXPECT_EQ(most("9007199254740993"), 9'007'199'254'740'992u);
  EXPECT_EQ(most("1e300"), 9'007'199'254'740'992u);
  for (const std::string_view said : {"null", "0", "-1", "0.5", "true", "\"much\"", "[]"}) {
    EXPECT_EQ(most(said), std::nullopt) << said;
    EXPECT_EQ(parse_open(opening("\"a\"", "1", "1", said))->payload_limit(), usual_max_payload) << said;
  }
}

TEST(engineio, takes_a_number_for_a_sid) {
  EXPECT_EQ(parse_open(opening("42"))->sid, "42");
  EXPECT_EQ(parse_open(opening("1.5"))->sid, "1.5") << "as JavaScript writes it";
  EXPECT_EQ(parse_open(opening("1.0"))->sid, "1");
  EXPECT_EQ(parse_open(opening("0e400"))->sid, "0");
  EXPECT_EQ(parse_open(opening("1e20"))->sid, "100000000000000000000");
  EXPECT_EQ(parse_open(opening("12345678901234567890123"))->sid, "1.2345678901234568e+22");
  EXPECT_FALSE(parse_open(opening("1e999")));
  EXPECT_EQ(parse_open(opening('"' + std::string(sid_limit, 's') + '"'))->sid.size(), sid_limit);
}

struct bad_open {
  std::string data;
  std::string why;
};

TEST(engineio, names_what_is_wrong_with_an_open_packet_and_shows_it) {
  const std::string long_sid = '"' + std::string(sid_limit + 1, 's') + '"';
  const std::string object = "it must be a JSON object, and is ";
  const std::string sid = "its sid must be a text of 1 to 2048 bytes, and is ";
  const std::string duration = " must be a number of milliseconds, and is ";
  const std::vector<bad_open> all{
      {"", object},
      {"{", object + "{"},
      {"[]", object + "[]"},
      {"{} {}", object + "{} {}"},
      {"\xff", object + "\xff"},
      {std::string(5000, '['), object + std::string(5000, '[')},
      {std::string(open_limit + 1, ' '), "it has 65537 bytes, which is too many"},
      {"{}", sid + "missing"},
      {opening("null"), sid + "null"},
      {opening("\"\""), sid + "\"\""},
      {opening(long_sid), sid + long_sid},
      {opening("\"a\"", "-1"), "its pingInterval" + duration + "-1"},
      {opening("\"a\"", "\"soon\""), "its pingInterval" + duration + "\"soon\""},
      {opening("\"a\"", "[1]"), "its pingInterval" + duration + "[1]"},
      {opening("\"a\"", "1", "false"), "its pingTimeout" + duration + "false"},
      {opening("\"a\"", "1", "-0.5"), "its pingTimeout" + duration + "-5E-1"},
  };
  for (const auto& each : all) {
    const auto parsed = parse_open(each.data);
    ASSERT_FALSE(parsed) << each.data;
    EXPECT_EQ(parsed.error().why, each.why) << each.data;
  }
}

// Without its trailing slash a server cuts the WebSocket after a second.
TEST(engineio, asks_for_the_path_with_its_slashes) {
  EXPECT_EQ(target("/socket.io/", "websocket"), "/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(target("/socket.io", "websocket"), "/socket.io?EIO=4&transport=websocket");
  EXPECT_EQ(target("a/b", "polling"), "/a/b?EIO=4&transport=polling");
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
