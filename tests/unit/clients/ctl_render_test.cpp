// SPDX-License-Identifier: MIT
#include "clients/ctl/render.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace roombridge::ctl {
namespace {

constexpr std::int64_t now = 1'764'072'000'000'000;  // 12:00:00 UTC

class render : public testing::Test {
 protected:
  render() { ::setenv("TZ", "UTC", 1); }
  const style plain{};
};

event booking() {
  return {7, now, "reservation_update", {"reservation-42", "shop-7"}, false, "[{\"a\":\n1}]", {}};
}

TEST_F(render, an_event_as_json_has_its_arguments_as_they_came) {
  EXPECT_EQ(json_line(booking()), R"({"type":"event","seq":7,"time":1764072000000000,"event":"reservation_update",)"
                                  R"("topics":["reservation-42","shop-7"],"arguments":[{"a": 1}]})");
}

TEST_F(render, attachments_are_base64) {
  const event what{7, 8, "p", {}, true, "[]", {"foo", ""}};
  EXPECT_EQ(json_line(what), R"({"type":"event","seq":7,"time":8,"event":"p","attachments":[3,0],"unexpected":true,)"
                             R"("arguments":[],"data":["Zm9v",""]})");
  EXPECT_EQ(text_line(what, plain, now), "1970-01-01 00:00:00  p  (unexpected payload)  [] <3 bytes> <0 bytes>");
}

TEST_F(render, an_event_in_words) {
  EXPECT_EQ(text_line(booking(), plain, now), R"(12:00:00  reservation_update  [reservation-42 shop-7]  [{"a": 1}])");
}

TEST_F(render, nothing_of_the_server_reaches_into_the_terminal) {
  const event what{7, now, "\033[2J", {"\x9f\033"}, false, "[\"\x7f\"]", {}};
  EXPECT_EQ(text_line(what, plain, now).find('\033'), std::string::npos);
  const status state{upstream_state::offline, now, {}, "x", "\033c", {}, {}};
  EXPECT_EQ(text_line(state, plain, now).find('\033'), std::string::npos);
}

TEST_F(render, a_gap_says_what_is_missing) {
  EXPECT_EQ(text_line(gap{4, 9, 3, "slow", {}, {}, {}, {}}, plain, now),
            "!! missed 3 events (4 to 9): this program was too slow for them");
  EXPECT_EQ(text_line(gap{4, 4, 1, "oversize", "big", 2000000, {}, {}}, plain, now),
            "!! missed `big` (4): its 2000000 bytes are more than a local frame holds");
  EXPECT_EQ(text_line(gap{4, 4, {}, "upstream", {}, {}, now - 2'000'000, now}, plain, now),
            "!! perhaps missed events between 11:59:58 and 12:00:00: the connection to the server was interrupted");
  EXPECT_EQ(text_line(gap{4, 9, {}, "crash", {}, {}, {}, {}}, plain, now),
            "!! perhaps missed events (4 to 9): the daemon ended without warning, or its disk failed");
  EXPECT_EQ(text_line(gap{4, 4, {}, "mystery", {}, {}, {}, {}}, plain, now), "!! missed events (mystery)");
  EXPECT_NE(text_line(gap{4, 9, {}, "crash", {}, {}, now - 5'000'000, now}, plain, now).find("(4 to 9) between "),
            std::string::npos);
  EXPECT_EQ(json_line(gap{4, 9, {}, "crash", {}, {}, {}, {}}),
            R"({"type":"gap","first":4,"last":9,"count":null,"reason":"crash"})");
}

TEST_F(render, what_a_server_sent_reaches_no_terminal_in_words_or_json) {
  event what;
  what.name =
      "\xc2\x9b"
      "2J";
  what.topics = {"\xe2\x80\xae"};
  what.arguments = "[\"\x7f\xe2\x80\xa8\"]";
  for (const std::string& shown : {text_line(what, plain, now), json_line(what)}) {
    EXPECT_THAT(shown, testing::AllOf(testing::HasSubstr("\\u009b2J"), testing::HasSubstr("\\u007f\\u2028")));
    EXPECT_EQ(shown.find_first_of("\x7f\x9b\xe2"), std::string::npos) << shown;
  }
  EXPECT_THAT(json_line(what), testing::HasSubstr("\\u202e"));
}

TEST_F(render, a_trace) {
  trace step;
  step.time = now + 1'042'000;
  step.step = "tcp";
  step.text = "connected\033";
  EXPECT_EQ(text_line(step, plain, now), "12:00:01.042  -- tcp      connected\\u001b");
  trace packet;
  packet.time = now;
  packet.direction = "in";
  packet.transport = "polling";
  packet.engine = "message";
  packet.packet = "binary_event";
  packet.nsp = "/shop";
  packet.event = "order";
  packet.ack = 7;
  packet.bytes = 143;
  packet.attachments = {4};
  packet.shape = "[{id:number}]";
  EXPECT_EQ(text_line(packet, plain, now),
            "12:00:00.000  <- binary_event (polling) /shop order ack 7 [{id:number}]  143 bytes <4 bytes>");
  trace ping;
  ping.time = now;
  ping.direction = "out";
  ping.transport = "websocket";
  ping.engine = "pong";
  EXPECT_EQ(text_line(ping, plain, now), "12:00:00.000  -> pong    ");
  EXPECT_EQ(json_line(ping),
            R"({"type":"trace","time":1764072000000000,"direction":"out","transport":"websocket","engine":"pong"})");
  trace loss;
  loss.time = now;
  loss.missed = 17;
  EXPECT_EQ(text_line(loss, plain, now), "12:00:00.000  !! 17 lines are missing here: they came too fast");
}

TEST_F(render, a_status_in_words) {
  EXPECT_EQ(status_text({upstream_state::authenticated, now, {{"shop-7"}}, "ping_timeout", "old", {}, "websocket"},
                        plain, now),
            "authenticated since 12:00:00; rooms: shop-7");
  EXPECT_EQ(
      status_text({upstream_state::offline, now, {}, "tcp_refused", "nobody listens", now + 3'000'000, {}}, plain, now),
      "offline since 12:00:00: nobody listens; next attempt in 3 s");
  EXPECT_EQ(status_text({upstream_state::connecting, now, {}, "tcp_refused", "nobody listens", {}, {}}, plain, now),
            "connecting since 12:00:00");
  EXPECT_EQ(status_text({upstream_state::connected, now, {}, {}, {}, {}, "polling"}, plain, now),
            "connected since 12:00:00 over HTTP long-polling");
}

TEST_F(render, colours_only_when_they_are_wanted) {
  EXPECT_EQ(state_text("authenticated", style{true}), "\033[32mauthenticated\033[0m");
  EXPECT_EQ(state_text("offline", style{}), "offline");
}

TEST_F(render, the_end_and_what_says_nothing) {
  EXPECT_EQ(json_line(closed{{failure_kind::closed, "gone \"x\"", {}}, true}),
            R"({"type":"closed","text":"gone \"x\"","reconnect":true})");
  EXPECT_EQ(json_line(bye{"shutdown", "t", true}), R"({"type":"bye","reason":"shutdown","text":"t","reconnect":true})");
  EXPECT_EQ(json_line(answer{}) + text_line(welcome{}, plain, now), "");
}

}  // namespace
}  // namespace roombridge::ctl
