// SPDX-License-Identifier: MIT
// Connection state recovery as the session uses it.
#include <gtest/gtest.h>

#include "tests/unit/upstream/session_harness.hpp"

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

TEST_F(session_recovery, is_not_asked_for_after_a_ping_timeout) {
  h.lose(cause::ping_timeout);
  EXPECT_EQ(reconnect(), "40");
}

TEST_F(session_recovery, is_not_asked_for_at_another_server) {
  options other = plain_options();
  other.url = "http://localhost:9";
  h.machine.reconfigure(other, h.at());
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
  h.machine.reconfigure(other, h.at());
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

}  // namespace
}  // namespace roombridge::upstream
