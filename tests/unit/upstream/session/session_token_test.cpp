// SPDX-License-Identifier: MIT
// Where the session machine has its token from, and what becomes of it when that changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::chrono::milliseconds wait_of(const harness& h) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(*h.status().next_attempt - h.now);
}

TEST(session_token, waits_offline_until_there_is_one) {
  harness h(plain_options());
  h.token.reset();
  h.start();
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, cause::token_missing);
  EXPECT_FALSE(h.status().next_attempt);
  h.advance(1h);
  EXPECT_EQ(h.connections, 0);
  EXPECT_EQ(h.reports.size(), 1u) << "looking again is no news";
  h.put_token("good");
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_token, is_looked_for_again_where_it_cannot_be_watched) {
  harness h(plain_options());
  h.token.reset();
  h.start();
  h.token = "good";  // nobody tells the machine
  h.advance(5s);
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_token, that_the_server_repeats_is_not_told_on) {
  harness h(plain_options());
  h.token = "s3cret.token";
  h.accepted = {"s3cret.token"};
  h.start();
  h.event("auth_error", R"({"message":"s3cret.token is not one of ours: s3cret.token"})");
  EXPECT_EQ(h.status().text, "the server refused the token: \"[token] is not one of ours: [token]\"");
  h.machine.on_transport_end({cause::server_error, "closed: \"bad token s3cret.token\""}, h.at());
  EXPECT_THAT(h.status().text, testing::EndsWith("; then closed: \"bad token [token]\""));
}

TEST(session_token, that_the_server_cuts_or_calls_a_user_is_not_told_on) {
  harness h(plain_options());
  h.token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzIn0.c2VjcmV0";
  h.accepted = {*h.token};
  h.answer = R"({"userId":")" + *h.token + R"("})";
  h.start();
  EXPECT_EQ(h.status().user, "[token]");
  h.event("auth_error", R"({"message":"malformed: )" + h.token->substr(0, 30) + R"(... eyJhbG"})");
  EXPECT_EQ(h.status().text, "the server refused the token: \"malformed: [token]... eyJhbG\"");
}

TEST(session_token, in_a_refusal_of_the_namespace_is_not_told_on) {
  harness h(plain_options());
  h.token = "s3cret.token";
  h.answers = false;
  h.start();
  const std::string padding(190, 'x');  // the token would be cut in two
  h.engine(R"(44{"message":")" + padding + R"(s3cret.token"})");
  EXPECT_EQ(h.status().cause, cause::namespace_refused);
  EXPECT_EQ(h.status().text.find("s3cret"), std::string::npos) << h.status().text;
}

TEST(session_token, that_vanishes_logs_out) {
  harness h(plain_options());
  h.start();
  h.put_token(std::nullopt);
  EXPECT_EQ(h.sent.back(), "41");
  EXPECT_THAT(h.closes, ElementsAre(1000));
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, cause::token_missing);
  EXPECT_EQ(h.machine.counters().outages, 0u) << "it was our wish";
  h.advance(1h);
  EXPECT_EQ(h.connections, 1);
  h.put_token("good");
  EXPECT_EQ(h.connections, 2);
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-1", "admin-general"));
}

TEST(session_token, is_read_afresh_for_every_attempt) {
  harness h(plain_options());
  h.start();
  h.token = "better";  // nobody tells the machine
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.sent[1], R"(42["authenticate",{"token":"better"}])");
}

TEST(session_token, that_changes_authenticates_again_on_the_live_connection) {
  harness h(plain_options());
  h.start();
  h.answer = R"({"userId":8})";
  h.put_token("better");
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.status().user, "8");
  EXPECT_EQ(h.count_sent(R"(42["leave_room",{"roomId":"user-7","userId":7}])"), 1) << "the last user's own room";
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-1","userId":8}])"), 1);
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-8", "shop-1", "admin-general"));
  EXPECT_FALSE(h.status().lost) << "the connection stood all the time";
  EXPECT_EQ(h.machine.counters().authenticated, 1u);
}

TEST(session_token_command, that_fails_is_run_again_with_growing_delays) {
  harness h(plain_options());
  h.token.reset();
  h.without_token = cause::token_command_failed;
  h.start();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(h.status().cause, cause::token_command_failed);
    EXPECT_EQ(h.status().state, state::offline);
    EXPECT_GE(wait_of(h), std::min(500ms * (1 << i), 150'000ms));
    EXPECT_LE(wait_of(h), std::min(1000ms * (1 << i), 300'000ms));
    ASSERT_TRUE(h.advance_to_deadline());
  }
  EXPECT_EQ(h.connections, 0);
  h.token = "good";
  ASSERT_TRUE(h.advance_to_deadline());
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_token_command, that_fails_leaves_a_live_connection_alone) {
  harness h(plain_options());
  h.start();
  h.without_token = cause::token_command_failed;
  h.put_token(std::nullopt);
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.count_sent("41"), 0);
  EXPECT_THAT(h.notes, ElementsAre(HasSubstr("the connection stays")));
  h.put_token("good");
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 1) << "the same as before";
}

TEST(session_token_command, that_fails_while_its_token_is_refused_is_run_again) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  ASSERT_EQ(h.status().state, state::connected);
  h.token.reset();
  h.without_token = cause::token_command_failed;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(h.status().next_attempt);
    h.advance(wait_of(h));
    EXPECT_EQ(h.status().state, state::connected);
  }
  h.token = "better";
  h.advance(wait_of(h));
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_token, that_did_not_change_is_left_alone) {
  harness h(plain_options());
  h.start();
  const auto before = h.sent.size();
  h.put_token("good");
  EXPECT_EQ(h.sent.size(), before);
}

TEST(session_token, takes_the_answer_to_the_newest_question) {
  harness h(plain_options());
  h.answers = false;
  h.start();
  h.engine(R"(40{"sid":"s"})");
  h.put_token("better");
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 2);
  h.event("auth_error", R"({"message":"the old one has expired"})");
  EXPECT_EQ(h.status().state, state::authenticating);
  h.event("auth_success", R"({"userId":1})");
  EXPECT_EQ(h.status().state, state::authenticated);
}

}  // namespace
}  // namespace roombridge::upstream
