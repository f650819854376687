// SPDX-License-Identifier: MIT
// Tokens that say when they expire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/jwt_text.hpp"
#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class session_expiry : public testing::Test {
 protected:
  explicit session_expiry(options settings = plain_options()) : h(std::move(settings)) {}

  // A token that lives so long from now on, and that the server takes.
  std::string token_for(std::chrono::seconds life) {
    auto made =
        test::jwt_until(h.wall_start + std::chrono::floor<std::chrono::seconds>(h.now.time_since_epoch()) + life);
    h.accepted.insert(made);
    return made;
  }

  // Lets time pass while the server pings.
  void live(std::chrono::seconds time) {
    for (; time > 0s; time -= 20s) {
      h.advance(std::min(time, 20s));
      if (h.open) h.engine("2");
    }
  }

  harness h;
};

TEST_F(session_expiry, a_newer_token_is_read_and_sent_before) {
  h.token = token_for(1h);
  h.start();
  h.token = token_for(2h);  // nobody tells the machine
  live(59min - 1s);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1);
  live(1s);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 2);
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.status().token_expires, h.wall_start + 2h);
  EXPECT_FALSE(h.status().token_stale);
  EXPECT_THAT(h.notes, IsEmpty());
}

TEST_F(session_expiry, a_newer_token_makes_a_new_connection_where_it_travels_with_one) {
  options settings = plain_options();
  settings.auth.mode = auth_mode::connect;
  settings.auth.identity = identity_source::claims;
  harness other(settings);
  other.token = test::jwt_until(other.wall_start + 1h);
  other.accepted.insert(*other.token);
  other.start();
  ASSERT_EQ(other.status().state, state::authenticated);
  other.token = test::jwt_until(other.wall_start + 2h);
  other.accepted.insert(*other.token);
  while (other.now.time_since_epoch() < 59min) {
    other.advance(20s);
    other.engine("2");
  }
  EXPECT_EQ(other.connections, 2);
  EXPECT_EQ(other.status().state, state::authenticated);
  EXPECT_EQ(other.machine.counters().causes.at(cause::token_changed), 1u);
}

// Every other wait is the steady clock's.
TEST(session_expiry_clock, jumps_neither_end_a_session_nor_make_it_busy) {
  for (const auto jump : {-24h * 365 * 20, -2h, 2h, 24h * 365 * 20}) {
    harness h(plain_options());
    h.token = test::jwt_until(h.wall_start + 1h);
    h.accepted.insert(*h.token);
    h.start();
    h.wall_start += jump;
    h.machine.on_clock_change(0ms, h.at());
    h.settle();
    int turns = 0;
    for (const auto end = h.now + 2h; h.now < end; ++turns) {
      const auto next = std::min(h.machine.next_deadline().value(), h.now + 20s);
      h.advance(std::chrono::ceil<std::chrono::milliseconds>(next - h.now));
      h.engine("2");
    }
    EXPECT_EQ(h.status().state, state::authenticated) << jump.count();
    EXPECT_EQ(h.connections, 1) << jump.count();
    EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1) << jump.count();
    EXPECT_LT(turns, 2h / 20s + 10) << jump.count();
  }
}

TEST_F(session_expiry, is_told_once_when_there_is_no_newer_token) {
  h.token = token_for(1h);
  h.start();
  const auto before = h.reports.size();
  live(1h + 10min);
  EXPECT_THAT(h.notes, ElementsAre(HasSubstr("expires at 2026-01-01 01:00:00 UTC and its source has no newer one")));
  EXPECT_EQ(h.reports.size(), before + 1);
  EXPECT_TRUE(h.status().token_stale);
  EXPECT_EQ(h.status().state, state::authenticated) << "what it means is the server's to say";
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1);
}

TEST_F(session_expiry, goes_on_looking_until_then) {
  h.token = token_for(1h);
  h.start();
  live(59min + 5s);
  ASSERT_TRUE(h.status().token_stale);
  h.token = token_for(1h);
  live(15s);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 2);
  EXPECT_FALSE(h.status().token_stale);
}

TEST_F(session_expiry, is_named_when_the_server_refuses_such_a_token) {
  h.token = test::jwt_until(h.wall_start - 10s);
  h.start();
  EXPECT_EQ(h.status().text, "the server refused the token: \"jwt expired\"; it expired at 2025-12-31 23:59:50 UTC");
}

TEST_F(session_expiry, of_a_short_life_is_no_busy_loop) {
  for (const auto life : {1s, 2s, 5s, 30s, 90s}) {
    harness fresh(plain_options());
    // Whoever reads it gets one for so long from then on.
    const auto renew = [&] {
      const auto second = std::chrono::floor<std::chrono::seconds>(fresh.now.time_since_epoch());
      fresh.token = test::jwt_until(fresh.wall_start + second + life);
      fresh.accepted.insert(*fresh.token);
    };
    renew();
    fresh.start();
    while (fresh.now.time_since_epoch() < 10min) {
      renew();
      fresh.advance(500ms);
      fresh.engine("2");
    }
    EXPECT_LE(fresh.count_sent(R"(42["authenticate")"), 600 / std::max<long>(1, life.count() / 2 - 1) + 2)
        << life.count();
    EXPECT_EQ(fresh.status().state, state::authenticated);
  }
}

TEST_F(session_expiry, far_away_or_wrong_is_harmless) {
  for (const char* claims : {R"({"exp":253402300799})", R"({"exp":0})", R"({"exp":"soon"})", "{}"}) {
    harness fresh(plain_options());
    fresh.token = test::jwt(claims);
    fresh.accepted.insert(*fresh.token);
    fresh.start();
    const auto next = fresh.machine.next_deadline();
    ASSERT_TRUE(next);
    EXPECT_GE(*next - fresh.now, 1s) << claims;
    EXPECT_EQ(fresh.status().state, state::authenticated);
  }
}

TEST_F(session_expiry, may_be_left_alone_and_follows_a_reload) {
  h.token = token_for(10min);
  h.start();
  h.token = token_for(20min);
  options changed = plain_options();
  changed.auth.refresh_before = 0ms;
  h.machine.reconfigure(changed, connection_use::keep, h.at());
  h.settle();
  live(15min);
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1);
}

}  // namespace
}  // namespace roombridge::upstream
