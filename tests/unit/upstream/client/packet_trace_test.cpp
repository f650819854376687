// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/packet_trace.hpp"

#include <gmock/gmock.h>

namespace roombridge::upstream {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view secret = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";

// Everything that a line would show.
std::string all_of(const trace_line& line) {
  std::string out;
  for (const std::string_view part :
       {line.step, std::string_view(line.text), line.engine, line.packet, std::string_view(line.nsp),
        std::string_view(line.event), std::string_view(line.shape)}) {
    out.append(part).append(1, '|');
  }
  return out;
}

trace_line of(const std::string& text) {
  return describe_text(text, {}, {});
}

TEST(packet_trace, an_event_shows_its_outside_and_its_shape) {
  trace_line line =
      describe_text(R"(452-/shop,7["order",{"id":1,"picture":{"_placeholder":true,"num":0}}])", {4, 0}, {});
  EXPECT_EQ(line, (trace_line{.engine = "message",
                              .packet = "binary_event",
                              .nsp = "/shop",
                              .event = "order",
                              .ack = 7,
                              .bytes = 58,
                              .attachments = {4, 0},
                              .shape = "[{id:number,picture:{_placeholder:boolean,num:number}}]"}));
}

TEST(packet_trace, an_acknowledgement) {
  const trace_line line = of(R"(433[{"ok":true}])");
  EXPECT_EQ(line.packet, "ack");
  EXPECT_EQ(line.ack, 3u);
  EXPECT_EQ(line.shape, "[{ok:boolean}]");
}

TEST(packet_trace, packets_of_the_engine) {
  EXPECT_EQ(of("2"), trace_line{.engine = "ping"});
  EXPECT_EQ(of("3probe"), trace_line{.engine = "pong"});
  EXPECT_EQ(of("1"), trace_line{.engine = "close"});
  EXPECT_EQ(of("4?"), trace_line{.engine = "message"}) << "nothing is known of its inside";
  EXPECT_EQ(
      of(R"(0{"sid":"hidden","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":9})").shape,
      "{sid:…,pingInterval:25000,pingTimeout:20000,maxPayload:9,upgrades:[websocket]}");
  EXPECT_EQ(of(R"(0{"sid":"","pingTimeout":"hidden"})").shape, "…") << "no open packet that could be used";
}

TEST(packet_trace, nothing_of_an_authentication_is_shown) {
  const std::string token(secret);
  for (const std::string& text :
       {R"(42["authenticate",{"token":")" + token + R"("}])", R"(42["auth_success",{")" + token + R"(":1}])",
        R"(42["auth_error",{"message":")" + token + R"("}])", R"(42["\u0061uth_success",")" + token + R"("])"}) {
    EXPECT_EQ(of(text).shape, "…") << text;
    EXPECT_FALSE(of(text).event.empty());
  }
  auth_options other;
  other.request = "login";
  EXPECT_EQ(describe_text(R"(42["login",{"name":"x"}])", {}, other).shape, "…");
  EXPECT_EQ(describe_text(R"(42["authenticate",{"name":"x"}])", {}, other).shape, "[{name:string}]");
}

TEST(packet_trace, nor_of_what_opens_and_refuses_a_namespace) {
  for (const std::string_view text :
       {R"(40{"token":"T","pid":"T"})", R"(40/shop,{"sid":"T"})", R"(44{"message":"T"})"}) {
    EXPECT_EQ(of(std::string(text)).shape, "…") << text;
  }
  EXPECT_THAT(of("40").shape, IsEmpty());
  EXPECT_THAT(of("41/shop,").nsp, "/shop");
}

TEST(packet_trace, a_token_among_values_and_names_is_not_shown) {
  const std::string token(secret);
  for (const std::string& text :
       {R"(42["x",")" + token + R"("])", R"(42["x",{"a":")" + token + R"("}])", R"(42["x",{")" + token + R"(":1}])",
        R"(42["x",[[")" + token + R"("]]])", R"(42["x",)" + token + "]", R"(431[")" + token + R"("])",
        R"(42[{"name":")" + token + R"("}])", "42[" + token}) {
    EXPECT_THAT(all_of(of(text)), Not(HasSubstr(token.substr(0, 8)))) << text;
  }
}

TEST(packet_trace, foreign_words_are_printable_and_cut) {
  const trace_line line = of("42/" + std::string(900, 'n') + ",[\"" + std::string(100'000, 'e') + "\033\"]");
  EXPECT_LE(line.nsp.size(), 110u);
  EXPECT_LE(line.event.size(), 110u);
  EXPECT_THAT(of("42[\"a\033[2Jb\"]").event, Not(HasSubstr("\033")));
}

TEST(sizes_of, are_those_of_the_things) {
  EXPECT_THAT(sizes_of(std::vector<std::string>{"four", ""}), ElementsAre(4, 0));
}

}  // namespace
}  // namespace roombridge::upstream
