// SPDX-License-Identifier: MIT
// Connection state recovery as the session uses it.
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;

constexpr const char* asking = R"(40{"pid":"p","offset":"Pf3xK2a"})";

class session_recovery : public testing::Test {
 protected:
  session_recovery() : h(plain_options()) {
    h.offers_pid = "p";
    h.start();
    (void)h.machine.recovery().strip(R"(["auth_success",{},"Pf3xK2a"])", false);
  }

  // The first text of the next connection.
  std::string reconnect() {
    EXPECT_TRUE(h.reach(state::authenticated, 10));
    return h.sent.front();
  }

  harness h;
};

TEST_F(session_recovery, leaves_no_gap_behind) {
  h.lose(cause::connection_lost);
  EXPECT_EQ(reconnect(), asking);
  EXPECT_FALSE(h.status().lost);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1);
  EXPECT_EQ(h.count_sent(R"(42["join_room")"), 3);
}

TEST_F(session_recovery, that_fails_leaves_one) {
  h.offers_pid = "another";
  h.lose(cause::connection_lost);
  EXPECT_EQ(reconnect(), asking);
  EXPECT_TRUE(h.status().lost);
}

TEST(session_early_events, that_are_more_than_can_be_held_are_a_gap_and_said_to_be_lost) {
  harness h(plain_options());
  h.fault_at = 2;  // in the place of the answer to CONNECT
  h.fault = [](harness& self) {
    socketio::packet packet;
    packet.data = R"(["early"])";
    for (std::size_t i = 0; i <= recovery::held_count; ++i) self.machine.recovery().hold(packet, {});
    self.engine(R"(40{"sid":"s"})");
  };
  h.start();
  ASSERT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.status().lost, h.now);
  ASSERT_EQ(h.notes.size(), 1u);
  EXPECT_NE(h.notes.front().find("lost"), std::string::npos) << h.notes.front();
}

TEST_F(session_recovery, is_not_asked_for_after_a_kick) {
  h.engine("41");
  EXPECT_EQ(reconnect(), "40");
  EXPECT_TRUE(h.status().lost);
}

TEST_F(session_recovery, is_not_asked_for_after_a_logout) {
  h.put_token(std::nullopt);
  h.put_token("good");
  EXPECT_EQ(reconnect(), "40");
}

TEST_F(session_recovery, is_not_asked_for_where_the_server_may_not_have_noticed_the_end_of_a_recovered_connection) {
  h.lose(cause::connection_lost);
  EXPECT_EQ(reconnect(), asking);
  h.lose(cause::ping_timeout);
  EXPECT_EQ(reconnect(), "40");
}

TEST_F(session_recovery, that_is_not_to_be_had_leaves_a_gap_from_when_the_server_was_last_heard) {
  h.offers_pid = "another";
  h.advance(20s);
  h.engine("2");
  const auto heard = h.now;
  h.advance(10s);
  h.lose(cause::connection_lost);
  EXPECT_EQ(reconnect(), asking);
  EXPECT_EQ(h.status().lost, heard);

  h.advance(10s);
  const auto closed = h.now;
  h.engine("1");
  EXPECT_EQ(reconnect(), "40");
  EXPECT_EQ(h.status().lost, closed);
}

TEST_F(session_recovery, is_not_asked_for_at_another_server) {
  options other = plain_options();
  other.url = "http://localhost:9";
  h.machine.reconfigure(other, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(reconnect(), "40");
}

TEST_F(session_recovery, is_not_asked_for_after_a_logout_or_another_server_while_offline) {
  h.lose(cause::connection_lost);
  h.put_token(std::nullopt);
  h.put_token("good");
  EXPECT_EQ(reconnect(), "40");

  (void)h.machine.recovery().strip(R"(["auth_success",{},"Pf3xK2a"])", false);
  h.lose(cause::connection_lost);
  options other = plain_options();
  other.url = "http://localhost:9";
  h.machine.reconfigure(other, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(reconnect(), "40");
}

TEST_F(session_recovery, for_another_user_begins_a_clean_connection) {
  const int before = h.connections;
  h.answer = R"({"userId":8})";
  h.lose(cause::connection_lost);
  EXPECT_EQ(reconnect(), "40");
  EXPECT_EQ(h.connections, before + 2);
  EXPECT_TRUE(h.status().lost);
  EXPECT_EQ(h.status().user, "8");
}

// What a session that was stopped a while ago leaves to a later one; `since`: between them.
class session_after_restart : public session_recovery {
 protected:
  std::optional<saved_session> stop() {
    h.machine.stop(h.at());
    return h.machine.saved(h.at());
  }

  static void start(harness& next, const saved_session& left) {
    next.offers_pid = "p";
    next.now += 1h;  // its clock has nothing in common with the last one's
    next.wall_start += 10s - 1h;
    next.machine.resume(left, next.at());
    next.start();
  }

  // When the next life takes the last session to have ended, by the wall's clock.
  static std::optional<std::chrono::system_clock::time_point> lost(harness& next) {
    if (!next.status().lost) return std::nullopt;
    return next.at().wall - (next.now - *next.status().lost);
  }
};

TEST_F(session_after_restart, is_recovered) {
  const auto left = stop();
  ASSERT_TRUE(left);
  EXPECT_EQ(left->ended, h.wall_start);
  harness next(plain_options());
  start(next, *left);
  EXPECT_EQ(next.sent.front(), asking);
  EXPECT_FALSE(next.status().lost);
}

TEST_F(session_after_restart, is_an_outage_where_it_is_not_recovered) {
  const auto left = stop();
  ASSERT_TRUE(left);
  harness refused(plain_options());
  refused.token = "better";
  start(refused, *left);
  EXPECT_EQ(refused.sent.front(), "40");
  EXPECT_EQ(lost(refused), left->ended);

  saved_session without = *left;
  without.recovery.reset();
  harness next(plain_options());
  start(next, without);
  EXPECT_EQ(next.sent.front(), "40");
  EXPECT_EQ(lost(next), left->ended);
}

TEST_F(session_after_restart, is_no_outage_of_another_server) {
  const auto left = stop();
  ASSERT_TRUE(left);
  for (auto changed : {&saved_session::url, &saved_session::path, &saved_session::nsp}) {
    saved_session other = *left;
    other.*changed += "x";
    harness next(plain_options());
    start(next, other);
    EXPECT_EQ(next.sent.front(), "40");
    EXPECT_FALSE(next.status().lost);
  }
}

TEST_F(session_after_restart, is_left_by_a_crash_while_a_new_token_waits_for_its_answer) {
  h.answers = false;
  h.put_token("better");
  ASSERT_EQ(h.status().state, state::authenticating);
  EXPECT_TRUE(h.machine.left_by_a_crash(h.at()));
}

TEST_F(session_after_restart, is_recovered_when_the_server_has_forgotten_its_former_end) {
  auto left = stop();
  ASSERT_TRUE(left);
  left->recovery->not_before = std::chrono::ceil<std::chrono::microseconds>(h.at().wall) + 11s;  // see start()
  harness early(plain_options());
  start(early, *left);
  EXPECT_EQ(early.sent.front(), "40");
  left->recovery->not_before -= 1s;
  harness next(plain_options());
  start(next, *left);
  EXPECT_EQ(next.sent.front(), asking);
}

TEST_F(session_after_restart, keeps_its_outage_until_it_is_over) {
  const auto left = stop();
  ASSERT_TRUE(left);
  harness next(plain_options());
  next.reachable = false;
  start(next, *left);
  next.advance(1min);
  next.machine.stop(next.at());
  EXPECT_EQ(next.machine.saved(next.at()), left);
}

TEST_F(session_after_restart, ends_in_no_future) {
  auto left = stop();
  ASSERT_TRUE(left);
  left->ended += 24h;  // the clock was set back
  left->recovery.reset();
  harness next(plain_options());
  start(next, *left);
  EXPECT_EQ(lost(next), next.at().wall);
}

TEST_F(session_after_restart, is_none_after_a_logout_or_without_a_login) {
  h.put_token(std::nullopt);
  EXPECT_FALSE(stop());

  harness never(plain_options());
  never.reachable = false;
  never.start();
  never.machine.stop(never.at());
  EXPECT_FALSE(never.machine.saved(never.at()));
}

TEST_F(session_after_restart, is_left_by_one_whose_token_command_fails) {
  h.lose(cause::connection_lost);
  h.without_token = cause::token_command_failed;
  h.put_token(std::nullopt);
  const auto left = stop();
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->recovery);
}

}  // namespace
}  // namespace roombridge::upstream
