// SPDX-License-Identifier: MIT
// Networks that come up, sleep, and a clock that is set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/jwt_text.hpp"
#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::HasSubstr;

class session_system : public testing::Test {
 protected:
  session_system() : h(plain_options()) {}
  void network() {
    h.machine.on_network_change(h.at());
    h.settle();
  }
  void wake(std::chrono::milliseconds slept) {
    h.machine.on_clock_change(slept, h.at());
    h.settle();
  }

  harness h;
};

TEST_F(session_system, a_network_that_comes_up_ends_the_wait) {
  h.start();
  h.reachable = false;
  h.lose(cause::connection_lost);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(h.advance_to_deadline());
  ASSERT_EQ(h.status().state, state::offline);
  h.reachable = true;
  const auto before = h.now;
  network();
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.now, before);
}

TEST_F(session_system, a_network_that_flaps_does_not_make_it_hammer) {
  h.start();
  h.reachable = false;
  h.lose(cause::tcp_unreachable);
  const int before = h.connections;
  for (int i = 0; i < 1000; ++i) {
    network();
    h.advance(10ms);
  }
  EXPECT_GE(h.connections - before, 5) << "though it tries";
  EXPECT_LE(h.connections - before, 25) << "in ten seconds";
}

TEST_F(session_system, a_network_does_not_mend_what_the_server_refuses) {
  for (const cause why : {cause::kicked, cause::namespace_refused, cause::policy_violation}) {
    harness other(plain_options());
    other.start();
    other.lose(why);
    const int before = other.connections;
    other.machine.on_network_change(other.at());
    other.settle();
    EXPECT_EQ(other.connections, before) << to_string(why);
  }
  for (const cause why :
       {cause::http_redirect, cause::proxy_refused, cause::dns_failure, cause::tls_unknown_ca, cause::ping_timeout}) {
    harness other(plain_options());
    other.start();
    other.lose(why);
    const int before = other.connections;
    other.machine.on_network_change(other.at());
    other.settle();
    EXPECT_EQ(other.connections, before + 1) << to_string(why);
  }
}

TEST_F(session_system, a_network_does_not_bring_a_refused_tokens_turn_forward) {
  h.token = "bad";
  h.start();
  for (int i = 0; i < 6; ++i) h.advance_to_deadline();
  h.lose(cause::connection_lost);
  const int before = h.connections;
  network();
  EXPECT_EQ(h.connections, before);
}

TEST_F(session_system, a_network_leaves_a_live_connection_and_a_stopped_daemon_alone) {
  h.start();
  network();
  EXPECT_EQ(h.connections, 1);
  h.machine.stop(h.at());
  h.settle();
  network();
  wake(1h);
  EXPECT_EQ(h.connections, 1);
}

TEST_F(session_system, a_long_sleep_ends_the_connection_and_begins_a_new_one_at_once) {
  h.start();
  h.advance(20s);
  wake(2h);
  EXPECT_EQ(h.connections, 2);
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.machine.counters().causes.at(cause::resumed), 1u);
  EXPECT_THAT(h.reports, testing::Contains(testing::Field(&session_status::text, HasSubstr("slept for 2 h"))));
  EXPECT_EQ(h.closes.back(), std::nullopt) << "nobody would read a close frame";
  EXPECT_EQ(h.machine.counters().outages, 1u);
  EXPECT_TRUE(h.status().lost);
}

TEST_F(session_system, a_nap_counts_towards_the_ping_timeout) {
  h.start();
  h.advance(20s);
  wake(20s);
  EXPECT_EQ(h.connections, 1);
  h.answers = false;
  h.advance(5s);
  EXPECT_EQ(h.status().cause, cause::ping_timeout) << "45 s of the server's";
}

TEST_F(session_system, what_sleep_ends_or_prolongs_is_lost_since_before_the_sleep) {
  h.start();
  h.advance(20s);
  h.engine("2");
  auto heard = h.now;
  h.advance(3s);
  wake(2h);
  EXPECT_EQ(h.status().lost, heard - 2h);

  h.engine("2");
  heard = h.now;
  h.advance(1s);
  h.reachable = false;
  h.lose(cause::connection_lost);
  wake(1h);
  h.reachable = true;
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.status().lost, heard - 1h) << "it slept while it was offline";
}

TEST_F(session_system, waking_ends_a_wait_and_a_half_made_connection) {
  h.start();
  h.reachable = false;
  h.lose(cause::connection_lost);
  h.reachable = true;
  wake(10s);
  EXPECT_EQ(h.status().state, state::authenticated);
  h.answers = false;
  h.machine.reconnect(h.at());
  h.settle();
  ASSERT_EQ(h.status().state, state::connecting);
  h.answers = true;
  wake(10s);
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST_F(session_system, a_clock_that_is_set_moves_the_tokens_next_reading) {
  h.token = test::jwt_until(h.wall_start + 10h);
  h.accepted.insert(*h.token);
  h.start();
  h.token = test::jwt_until(h.wall_start + 20h);
  h.accepted.insert(*h.token);
  h.wall_start += std::chrono::hours{10} - std::chrono::minutes{2};
  wake(0ms);
  h.advance(30s);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1);
  h.engine("2");
  h.advance(30s);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 2);
  EXPECT_EQ(h.connections, 1);
}

TEST_F(session_system, counts_every_cause) {
  h.start();
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.reachable = false;
  h.lose(cause::connection_lost);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(h.advance_to_deadline());
  h.reachable = true;
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.event("auth_error", R"({"message":"no"})");
  h.put_token(std::nullopt);
  using testing::Pair;
  EXPECT_THAT(h.machine.counters().causes,
              testing::ElementsAre(Pair(cause::token_missing, 1u), Pair(cause::token_refused, 1u),
                                   Pair(cause::tcp_refused, 3u), Pair(cause::connection_lost, 2u)));
}

}  // namespace
}  // namespace roombridge::upstream
