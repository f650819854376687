// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<state> states(const std::vector<session_status>& reports) {
  std::vector<state> out;
  for (const auto& one : reports) out.push_back(one.state);
  return out;
}

// How long until the next attempt.
std::chrono::milliseconds wait_of(const harness& h) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(*h.status().next_attempt - h.now);
}

TEST(session, goes_through_its_states_and_joins_the_rooms) {
  harness h(plain_options());
  h.start();
  EXPECT_THAT(states(h.reports),
              ElementsAre(state::connecting, state::connected, state::authenticating, state::authenticated));
  EXPECT_THAT(h.sent, ElementsAre("40", R"(42["authenticate",{"token":"good"}])",
                                  R"(42["join_room",{"roomId":"user-7","userId":7}])",
                                  R"(42["join_room",{"roomId":"shop-1","userId":7}])",
                                  R"(42["join_room",{"roomId":"admin-general","userId":7}])"));
  EXPECT_EQ(h.status().user, "7");
  EXPECT_EQ(h.machine.counters().attempts, 1u);
  EXPECT_EQ(h.machine.counters().authenticated, 1u);
  EXPECT_FALSE(h.status().lost);
}

TEST(session, uses_the_namespace_of_the_options) {
  options settings = plain_options();
  settings.nsp = "/shop";
  harness h(settings);
  h.answers = false;
  h.start();
  EXPECT_THAT(h.sent, ElementsAre("40/shop,"));
  h.engine(R"(40{"sid":"of another namespace"})");
  EXPECT_EQ(h.status().state, state::connecting);
  h.engine(R"(40/shop,{"sid":"s"})");
  EXPECT_EQ(h.sent.back(), R"(42/shop,["authenticate",{"token":"good"}])");
}

TEST(session, sends_nothing_but_pongs_before_the_namespace_is_joined) {
  harness h(plain_options());
  h.answers = false;
  h.start();
  h.engine("2");
  h.put_token("better");
  std::string out;
  EXPECT_EQ(h.machine.emit({"e", "[]", {}, false}, out, h.at()).error, emit_error::not_connected);
  h.settle();
  EXPECT_THAT(h.sent, ElementsAre("40", "3"));
}

TEST(session, answers_a_ping_and_notices_when_none_comes) {
  harness h(plain_options());
  h.start();
  h.advance(40s);
  h.engine("2");
  EXPECT_EQ(h.sent.back(), "3");
  h.advance(45s - 1ms);
  EXPECT_EQ(h.status().state, state::authenticated);
  h.answers = false;
  h.advance(1ms);
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, cause::ping_timeout);
  EXPECT_THAT(h.status().text, HasSubstr("45 s"));
  EXPECT_THAT(h.closes, ElementsAre(std::nullopt)) << "a dead connection is dropped, not closed politely";
  EXPECT_EQ(h.machine.counters().outages, 1u);
}

TEST(session, tells_since_when_it_was_not_heard_of_whatever_ended_it) {
  for (const cause_entry& entry : cause_table()) {
    if (entry.retry == retry_policy::never || entry.value == cause::none) continue;
    SCOPED_TRACE(entry.name);
    harness h(plain_options());
    h.start();
    h.advance(3s);
    h.engine("2");
    h.advance(4s);
    h.machine.on_heard(h.now);  // any bytes: of an event, or of a part of one
    const auto heard = h.now;
    h.advance(5s);
    h.lose(entry.value);
    if (h.status().state == state::offline) {
      EXPECT_EQ(h.status().lost, heard) << "known while it lasts";
    }
    ASSERT_TRUE(h.reach(state::authenticated, 10));
    EXPECT_EQ(h.status().lost, heard);
  }
}

TEST(session, that_we_end_is_not_lost_before_when_the_server_answers_that) {
  for (const bool answered : {false, true}) {
    harness h(plain_options());
    h.start();
    h.advance(3s);
    const auto heard = h.now;
    h.machine.on_heard(heard);
    h.advance(4s);
    const auto left = h.now;
    h.machine.reconnect(h.at());
    if (answered) h.machine.on_close_answered();
    h.settle();
    ASSERT_EQ(h.status().state, state::authenticated);
    EXPECT_EQ(h.status().lost, answered ? left : heard);
  }
}

TEST(session, that_the_server_ended_long_ago_is_lost_since_then_however_later_attempts_end) {
  harness h(plain_options());
  h.start();
  const auto heard = h.now;
  h.advance(3s);
  h.answers = false;
  h.lose(cause::connection_lost);
  h.advance(1s);
  ASSERT_EQ(h.status().state, state::connecting);
  h.machine.reconnect(h.at());
  h.machine.on_close_answered();
  h.answers = true;
  h.settle();
  EXPECT_EQ(h.status().lost, heard);
}

TEST(session, that_is_well_has_no_cause) {
  for (const cause_entry& entry : cause_table()) {
    if (entry.retry == retry_policy::never || entry.value == cause::none) continue;
    SCOPED_TRACE(entry.name);
    harness h(plain_options());
    h.start();
    h.lose(entry.value);
    ASSERT_TRUE(h.reach(state::authenticated, 10));
    EXPECT_EQ(h.status().cause, cause::none);
    EXPECT_EQ(h.status().text, "");
    EXPECT_EQ(h.machine.counters().causes.at(entry.value), 1u);
  }
}

TEST(session, that_nobody_ends_is_not_lost) {
  harness h(plain_options());
  h.start();
  for (const session_status& one : h.reports) EXPECT_FALSE(one.lost);
}

TEST(session, leaves_without_disconnect_when_stopped) {
  harness h(plain_options());
  h.start();
  h.machine.stop(h.at());
  h.settle();
  EXPECT_EQ(h.count_sent("41"), 0);
  EXPECT_THAT(h.closes, ElementsAre(1000));
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, cause::shutdown);
  EXPECT_TRUE(h.machine.stopped());
  EXPECT_FALSE(h.machine.next_deadline());
  EXPECT_EQ(h.machine.counters().outages, 0u);
  h.machine.reconnect(h.at());
  h.put_token("better");
  EXPECT_EQ(h.connections, 1);
}

TEST(session, stops_while_waiting_and_while_connecting) {
  harness waiting(plain_options());
  waiting.start();
  waiting.lose(cause::tcp_refused);
  waiting.closes.clear();
  waiting.machine.stop(waiting.at());
  waiting.settle();
  EXPECT_TRUE(waiting.closes.empty());
  EXPECT_FALSE(waiting.machine.next_deadline());

  harness connecting(plain_options());
  connecting.fault_at = 0;
  connecting.fault = [](harness&) {};
  connecting.start();
  connecting.machine.stop(connecting.at());
  connecting.settle();
  EXPECT_THAT(connecting.closes, ElementsAre(std::nullopt)) << "there is no WebSocket yet to be closed";
}

struct step_timeout {
  std::size_t silent_step;
  cause why;
  std::string_view words;
};
class session_timeouts : public testing::TestWithParam<step_timeout> {};

TEST_P(session_timeouts, name_the_step_that_was_never_answered) {
  harness h(plain_options());
  h.fault_at = GetParam().silent_step;
  h.fault = [](harness&) {};
  h.start();
  ASSERT_TRUE(h.advance_to_deadline());
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, GetParam().why);
  EXPECT_THAT(h.status().text, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    steps, session_timeouts,
    testing::Values(step_timeout{0, cause::connect_timeout,
                                 "http://localhost:3001 does not answer the WebSocket handshake within 20 s"},
                    step_timeout{1, cause::connect_timeout, "open packet"},
                    step_timeout{2, cause::connect_timeout, "CONNECT"},
                    step_timeout{3, cause::auth_timeout, "auth_success"}));

struct packet_fault {
  std::size_t step;
  std::string_view text;
  cause why;
  std::string_view words;
};
class session_packets : public testing::TestWithParam<packet_fault> {};

TEST_P(session_packets, end_the_connection_with_their_own_cause) {
  harness h(plain_options());
  h.fault_at = GetParam().step;
  h.fault = [](harness& self) { self.engine(GetParam().text); };
  h.start();
  ASSERT_FALSE(h.reports.empty());
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, GetParam().why);
  EXPECT_THAT(h.status().text, HasSubstr(GetParam().words));
  EXPECT_EQ(h.closes.size(), 1u);
  EXPECT_TRUE(h.closes.front());
}

INSTANTIATE_TEST_SUITE_P(
    faults, session_packets,
    testing::Values(
        packet_fault{1, "0{}", cause::protocol_error, "open packet"},
        packet_fault{1, R"(0{"sid":"s","pingInterval":"soon"})", cause::protocol_error,
                     "its pingInterval must be a number of milliseconds, and is \"soon\""},
        packet_fault{1, "1", cause::server_closed, "Engine.IO"},
        packet_fault{2, R"(44{"message":"Invalid namespace"})", cause::namespace_refused, "\"Invalid namespace\""},
        packet_fault{2, R"(44"who are you")", cause::namespace_refused, "\"who are you\""},
        packet_fault{2, R"(44{"message":"no","data":{"code":7}})", cause::namespace_refused, R"(: "no {"code":7}")"},
        packet_fault{2, R"(44{"data":"later"})", cause::namespace_refused, R"(: ""later"")"},
        packet_fault{2, "40", cause::engine_io_3, "sid"},
        packet_fault{2, R"(40{"id":"s"})", cause::engine_io_3, R"(: "{"id":"s"}")"},
        packet_fault{2, "40{\"sid\":", cause::protocol_error, R"(: "{"sid":")"},
        packet_fault{3, "41", cause::kicked, "DISCONNECT"},
        packet_fault{5, R"(41{"message":"moved to host b"})", cause::kicked, R"((DISCONNECT): "moved to host b")"},
        packet_fault{5, R"(41"go away")", cause::kicked, R"((DISCONNECT): "go away")"},
        packet_fault{3, "1", cause::server_closed, "closed"}, packet_fault{5, "41", cause::kicked, "DISCONNECT"}));

// A script that fails at every step in turn, in every way: once the fault is gone, the session is whole again.
struct fault_kind {
  std::string_view name;
  std::function<void(harness&)> happens;
};

std::vector<fault_kind> fault_kinds() {
  std::vector<fault_kind> out;
  for (const cause_entry& entry : cause_table()) {
    if (entry.retry == retry_policy::never || entry.value == cause::none) continue;
    out.push_back({entry.name, [why = entry.value](harness& h) { h.lose(why); }});
  }
  out.push_back({"silence", [](harness&) {}});
  out.push_back({"engine close", [](harness& h) { h.engine("1"); }});
  out.push_back({"kick", [](harness& h) { h.engine("41"); }});
  out.push_back({"connect error", [](harness& h) { h.engine(R"(44{"message":"no"})"); }});
  out.push_back({"auth error", [](harness& h) { h.event("auth_error", R"({"message":"no"})"); }});
  out.push_back({"second open", [](harness& h) { h.engine("0{}"); }});
  out.push_back({"reconnect", [](harness& h) { h.machine.reconnect(h.at()); }});
  out.push_back({"token gone and back", [](harness& h) {
                   h.put_token(std::nullopt);
                   h.put_token("good");
                 }});
  out.push_back({"token gone, back later", [](harness& h) {
                   h.put_token(std::nullopt);
                   h.advance(10min);
                   h.put_token("better");
                 }});
  out.push_back({"token changed", [](harness& h) { h.put_token("better"); }});
  out.push_back({"token bad, then good", [](harness& h) {
                   h.put_token("bad");
                   h.advance(10min);
                   h.put_token("good");
                 }});
  out.push_back({"other address", [](harness& h) {
                   options changed = h.machine.settings();
                   changed.url = "https://other";
                   h.machine.reconfigure(changed, connection_use::make_anew, h.at());
                 }});
  return out;
}

TEST(session, is_whole_again_after_every_fault_at_every_step) {
  harness healthy(plain_options());
  healthy.start();
  ASSERT_EQ(healthy.steps, 7u) << "transport, open, CONNECT, authentication, three rooms";
  for (const fault_kind& kind : fault_kinds()) {
    for (std::size_t step = 0; step < healthy.steps; ++step) {
      SCOPED_TRACE(std::string(kind.name) + " at step " + std::to_string(step));
      harness h(plain_options());
      h.fault_at = step;
      h.fault = kind.happens;
      h.start();
      // Past the ping timeout, which ends what silence left half joined, and past the longest delay.
      for (int minute = 0; minute < 12; ++minute) {
        h.advance(20s);
        if (h.open) h.engine("2");
      }
      ASSERT_EQ(h.status().state, state::authenticated) << h.status().text;
      EXPECT_TRUE(h.open);
      EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-1", "admin-general"));
      for (const auto& room : h.machine.rooms().all()) EXPECT_EQ(room.state, room_state::asked) << room.room.text;
      EXPECT_LE(h.connections, 8);
    }
  }
}

TEST(session, waits_by_the_policy_of_the_cause) {
  for (const cause_entry& entry : cause_table()) {
    if (entry.retry == retry_policy::never || entry.retry == retry_policy::at_once || entry.value == cause::none)
      continue;
    SCOPED_TRACE(entry.name);
    options settings = plain_options();
    settings.reconnect.redeploy = 0ms;
    harness h(settings);
    h.start();
    h.advance(11s);  // quiet: the delays begin anew
    h.answers = false;
    h.lose(entry.value);
    EXPECT_GE(wait_of(h), 500ms);
    EXPECT_LE(wait_of(h), 1000ms);
    const auto cap = entry.retry == retry_policy::normal ? 5000ms : 300'000ms;
    for (int i = 0; i < 20; ++i) {
      while (h.status().state == state::offline) ASSERT_TRUE(h.advance_to_deadline());
      h.lose(entry.value);
    }
    EXPECT_GE(wait_of(h), cap / 2);
    EXPECT_LE(wait_of(h), cap);
  }
}

TEST(session, keeps_growing_delays_against_a_server_that_accepts_and_drops) {
  harness h(plain_options());
  h.start();
  for (int i = 0; i < 6; ++i) {
    h.lose(cause::server_closed);
    ASSERT_TRUE(h.reach(state::authenticated, 3));
  }
  h.lose(cause::server_closed);
  EXPECT_GE(wait_of(h), 2500ms) << "authenticated, but never for the quiet period";
  ASSERT_TRUE(h.reach(state::authenticated, 3));
  h.advance(10s);
  h.lose(cause::server_closed);
  EXPECT_LE(wait_of(h), 1000ms);
}

TEST(session, reconnects_at_once_when_asked) {
  harness h(plain_options());
  h.start();
  h.machine.reconnect(h.at());
  h.settle();
  EXPECT_EQ(h.connections, 2);
  EXPECT_THAT(h.closes, ElementsAre(1000));
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.machine.counters().outages, 0u);
  for (int i = 0; i < 5; ++i) {
    h.answers = false;
    h.lose(cause::tcp_refused);
    h.machine.reconnect(h.at());
    h.settle();
  }
  EXPECT_EQ(h.connections, 7) << "no wait in between";
}

TEST(session, stays_offline_for_a_url_that_cannot_be_used) {
  harness h(plain_options());
  h.fault_at = 0;
  h.fault = [](harness& self) { self.lose(cause::bad_url); };
  h.start();
  EXPECT_FALSE(h.machine.next_deadline());
  EXPECT_FALSE(h.status().next_attempt);
  options changed = plain_options();
  changed.url = "https://right";
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session, reconfigures_rooms_on_the_live_connection) {
  harness h(plain_options());
  h.start();
  options changed = plain_options();
  changed.rooms.declared = {"shop-1", "shop-2"};
  changed.reconnect.max = 9s;
  h.machine.reconfigure(changed, connection_use::keep, h.at());
  h.settle();
  EXPECT_EQ(h.connections, 1);
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-1", "shop-2"));
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-1")"), 1) << "a room that stays is left alone";
  EXPECT_EQ(h.sent[h.sent.size() - 2], R"(42["leave_room",{"roomId":"admin-general","userId":7}])");
}

TEST(session, leaves_in_the_old_words_when_the_words_change) {
  harness h(plain_options());
  h.start();
  options changed = plain_options();
  changed.rooms.leave = "exit";
  changed.rooms.join = "enter";
  changed.rooms.payload = {{"name", "{room}"}};
  h.machine.reconfigure(changed, connection_use::keep, h.at());
  h.settle();
  EXPECT_EQ(h.count_sent(R"(42["leave_room",{"roomId":)"), 3);
  EXPECT_EQ(h.count_sent(R"(42["enter",{"name":)"), 3);
  EXPECT_EQ(h.connections, 1);
}

TEST(session, reconnects_for_another_address_and_rooms_changed_offline_hold) {
  harness h(plain_options());
  h.start();
  options changed = plain_options();
  changed.url = "https://elsewhere";
  changed.rooms.declared = {"shop-9"};
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(h.connections, 2);
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-9"));
}

TEST(cause_table, has_a_name_and_a_meaning_for_everything) {
  std::set<std::string_view> names;
  for (const cause_entry& entry : cause_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.meaning.empty());
    EXPECT_EQ(to_string(entry.value), entry.name);
  }
}

TEST(cause_table, names_what_a_close_code_says) {
  EXPECT_EQ(describe_close(1000, "").why, cause::server_closed);
  EXPECT_EQ(describe_close(1005, "").text, "the server closed the WebSocket without a code");
  EXPECT_EQ(describe_close(1009, "").why, cause::message_too_large);
  EXPECT_EQ(describe_close(1008, "").why, cause::policy_violation);
  EXPECT_EQ(describe_close(1002, "").why, cause::protocol_error);
  EXPECT_EQ(describe_close(1011, "").why, cause::server_error);
  EXPECT_EQ(describe_close(4000, "a\nb").why, cause::server_error);
  EXPECT_THAT(describe_close(4000, "a\nb").text, HasSubstr(R"("a\nb")"));
}

}  // namespace
}  // namespace roombridge::upstream
