// SPDX-License-Identifier: MIT
// Servers that ask to be left alone, and servers that are being replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Not;

// Instead of an answer: HTTP 503 or 429 with this wish.
void refuse(harness& h, quiet_wish wish, cause why = cause::http_5xx) {
  h.open = false;
  h.machine.on_transport_end({why, "h answered HTTP", wish}, h.at());
  h.settle();
}

// Its first attempt was refused so.
harness busy(quiet_wish wish, cause why = cause::http_5xx, options settings = plain_options()) {
  harness h(std::move(settings));
  h.fault_at = 0;
  h.fault = [wish, why](harness& refused) { refuse(refused, wish, why); };
  h.start();
  EXPECT_EQ(h.connections, 1);
  return h;
}

std::chrono::milliseconds wait_of(const harness& h) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(*h.status().next_attempt - h.now);
}

TEST(session_pause, is_as_long_as_the_server_asks_and_a_little_apart_from_others) {
  for (const cause why : {cause::http_5xx, cause::http_4xx}) {
    harness h = busy(120s, why);
    EXPECT_THAT(wait_of(h), AllOf(Ge(120s), Le(125s))) << to_string(why);
    EXPECT_THAT(h.status().text, HasSubstr("it wants to be left alone for 2 min (Retry-After)"));
    h.advance(119s);
    EXPECT_EQ(h.connections, 1);
    h.advance(6s);
    EXPECT_EQ(h.status().state, state::authenticated);
  }
}

TEST(session_pause, ends_at_a_date) {
  harness h(plain_options());
  h.fault_at = 0;
  h.fault = [](harness& refused) { refuse(refused, refused.wall_start + 90s); };
  h.start();
  EXPECT_THAT(wait_of(h), AllOf(Ge(90s), Le(95s)));
}

TEST(session_pause, that_is_over_is_none) {
  harness h(plain_options());
  h.fault_at = 0;
  h.fault = [](harness& refused) { refuse(refused, refused.wall_start - 90s); };
  h.start();
  EXPECT_LE(wait_of(h), 1s);
  EXPECT_THAT(h.status().text, Not(HasSubstr("Retry-After")));
}

TEST(session_pause, is_bounded_by_the_config) {
  options settings = plain_options();
  settings.reconnect.retry_after_max = 1min;
  harness h = busy(24h, cause::http_5xx, settings);
  EXPECT_THAT(wait_of(h), AllOf(Ge(60s), Le(65s)));
  EXPECT_THAT(h.status().text, AllOf(HasSubstr("24 h"), HasSubstr("1 min (upstream.reconnect.retry_after_max)")));
  settings.reconnect.retry_after_max = 0ms;
  harness deaf = busy(24h, cause::http_5xx, settings);
  EXPECT_LE(wait_of(deaf), 1s);
  EXPECT_THAT(deaf.status().text, Not(HasSubstr("Retry-After")));
}

TEST(session_pause, is_kept_whatever_the_network_the_config_and_the_token_do) {
  harness h = busy(120s, cause::http_4xx);
  const auto until = h.now + 120s;
  h.machine.on_network_change(h.at());
  h.settle();
  options other = h.machine.settings();
  other.compression = false;
  other.headers = {{"X", "y"}};
  h.machine.reconfigure(other, connection_use::make_anew, h.at());
  h.settle();
  h.put_token("better");
  h.put_token(std::nullopt);
  h.put_token("good");
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.status().cause, cause::http_4xx) << "which is why nothing happens";
  EXPECT_GE(*h.status().next_attempt, until);
  h.advance(119s);
  EXPECT_EQ(h.connections, 1);
  h.advance(6s);
  EXPECT_EQ(h.connections, 2);
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_pause, ends_where_a_person_asks_or_another_server_is_meant) {
  harness asked = busy(120s);
  asked.machine.reconnect(asked.at());
  asked.settle();
  EXPECT_EQ(asked.status().state, state::authenticated);
  harness moved = busy(120s);
  options other = moved.machine.settings();
  other.url = "http://elsewhere:3001";
  moved.machine.reconfigure(other, connection_use::make_anew, moved.at());
  moved.settle();
  EXPECT_EQ(moved.status().state, state::authenticated);
}

TEST(session_pause, goes_on_while_the_machine_sleeps) {
  harness h = busy(120s);
  h.machine.on_clock_change(60s, h.at());
  h.settle();
  EXPECT_EQ(h.connections, 1);
  EXPECT_THAT(wait_of(h), AllOf(Ge(60s), Le(65s)));
  h.machine.on_clock_change(10min, h.at());
  h.settle();
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_pause, holds_for_the_other_transport_too) {
  harness h = busy(120s);
  EXPECT_THAT(h.status().text, HasSubstr("HTTP long-polling is tried next"));
  EXPECT_GE(wait_of(h), 120s);
}

TEST(session_redeploy, has_the_short_delays_for_a_while_and_the_long_ones_then) {
  options settings = plain_options();
  settings.transports = {transport_kind::websocket};
  harness h(settings);
  h.start();
  ASSERT_EQ(h.status().state, state::authenticated);
  h.fault = [](harness& refused) { refused.lose(cause::http_4xx); };
  h.fault_at = h.steps;
  h.lose(cause::connection_lost);
  const auto ended = h.now;
  while (h.now - ended < 590s) {
    h.fault_at = h.steps;
    ASSERT_TRUE(h.advance_to_deadline());
    EXPECT_EQ(h.status().cause, cause::http_4xx);
    EXPECT_LE(wait_of(h), 5s);
  }
  std::chrono::milliseconds longest{0};
  while (h.now - ended < 2h) {
    h.fault_at = h.steps;
    ASSERT_TRUE(h.advance_to_deadline());
    longest = std::max(longest, wait_of(h));
  }
  EXPECT_GE(longest, 150s);
  EXPECT_TRUE(h.reach(state::authenticated, 5));
}

TEST(session_redeploy, is_not_what_a_server_is_in_that_never_worked) {
  options settings = plain_options();
  settings.transports = {transport_kind::websocket};
  harness h(settings);
  h.fault = [](harness& refused) { refused.lose(cause::http_4xx); };
  h.fault_at = 0;
  h.start();
  for (int i = 0; i < 10; ++i) {
    h.fault_at = h.steps;
    ASSERT_TRUE(h.advance_to_deadline());
  }
  EXPECT_GE(wait_of(h), 150s);
}

}  // namespace
}  // namespace roombridge::upstream
