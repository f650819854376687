// SPDX-License-Identifier: MIT
// How the session machine authenticates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::chrono::milliseconds wait_of(const harness& h) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(*h.status().next_attempt - h.now);
}

TEST(session_auth, retries_a_refused_token_with_growing_delays_on_the_live_connection) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  EXPECT_EQ(h.status().state, state::connected);
  EXPECT_EQ(h.status().cause, cause::token_refused);
  EXPECT_EQ(h.status().text, "the server refused the token: \"jwt expired\"");
  auto longest = 0ms;
  for (int i = 0; i < 14; ++i) {
    const auto wait = wait_of(h);
    EXPECT_GE(wait, std::min(500ms * (1 << i), 150'000ms));
    EXPECT_LE(wait, std::min(1000ms * (1 << i), 300'000ms));
    longest = std::max(longest, wait);
    while (wait_of(h) > 20s) {
      h.advance(20s);
      h.engine("2");
    }
    h.advance(wait_of(h));
    h.engine("2");
  }
  EXPECT_GE(longest, 150s);
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 15);
  h.put_token("good");
  EXPECT_EQ(h.status().state, state::authenticated) << "a changed one at once";
}

TEST(session_auth, starts_anew_with_its_delays_for_another_bad_token) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  for (int i = 0; i < 5; ++i) h.advance(wait_of(h));
  h.put_token("worse");
  EXPECT_LE(wait_of(h), 1000ms);
}

TEST(session_auth, holds_a_refused_token_back_also_when_the_server_hangs_up) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(h.status().state, state::connected);
    const auto wait = wait_of(h);
    EXPECT_GE(wait, std::min(500ms * (1 << i), 150'000ms));
    h.lose(cause::server_closed);
    EXPECT_GE(wait_of(h), wait) << "the token is not tried sooner because the connection is gone";
    h.advance(wait_of(h));
  }
  h.lose(cause::server_closed);
  h.put_token("good");
  ASSERT_TRUE(h.reach(state::authenticated, 2));
}

class session_refusals : public testing::TestWithParam<void (*)(harness&)> {};

TEST_P(session_refusals, are_the_cause_whatever_the_server_does_then) {
  for (const bool was_well : {false, true}) {
    harness h(plain_options());
    if (!was_well) h.token = "bad";
    h.start();
    if (was_well) h.event("auth_error", R"({"message":"jwt expired"})");
    ASSERT_EQ(h.status().cause, cause::token_refused);
    GetParam()(h);
    EXPECT_EQ(h.status().state, state::offline);
    EXPECT_EQ(h.status().cause, cause::token_refused);
    EXPECT_THAT(h.status().text, testing::StartsWith("the server refused the token: \"jwt expired\"; then "));
    EXPECT_EQ(h.machine.counters().causes, (std::map<cause, std::uint64_t>{{cause::token_refused, 1}}));
    EXPECT_TRUE(h.status().next_attempt);
  }
}

INSTANTIATE_TEST_SUITE_P(hang_ups, session_refusals,
                         testing::Values([](harness& h) { h.engine("41"); }, [](harness& h) { h.engine("1"); },
                                         [](harness& h) { h.lose(cause::server_closed); },
                                         [](harness& h) { h.lose(cause::policy_violation); },
                                         [](harness& h) { h.lose(cause::connection_lost); }));

TEST(session_refusal, is_no_cause_of_what_we_do_ourselves_or_of_another_tokens_end) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  h.reachable = false;
  h.machine.reconnect(h.at());
  h.machine.stop(h.at());
  h.settle();
  EXPECT_EQ(h.status().cause, cause::shutdown);

  harness logged_out(plain_options());
  logged_out.token = "bad";
  logged_out.start();
  logged_out.put_token(std::nullopt);
  EXPECT_EQ(logged_out.status().cause, cause::token_missing);

  harness renewed(plain_options());
  renewed.token = "bad";
  renewed.start();
  renewed.answers = false;
  renewed.put_token("better");
  renewed.lose(cause::server_closed);
  EXPECT_EQ(renewed.status().cause, cause::server_closed);
  EXPECT_EQ(renewed.status().text, "test");
}

TEST(session_refusal, that_comes_again_is_told_as_it_was) {
  harness h(plain_options());
  h.token = "bad";
  h.start();
  h.advance(wait_of(h));
  EXPECT_EQ(h.status().text, "the server refused the token: \"jwt expired\"");
  EXPECT_EQ(h.machine.counters().causes.at(cause::token_refused), 2u);
}

TEST(session_auth, drops_to_connected_when_the_server_takes_it_back) {
  harness h(plain_options());
  h.start();
  h.event("auth_error", R"({"message":"token expired"})");
  EXPECT_EQ(h.status().state, state::connected);
  EXPECT_EQ(h.machine.counters().outages, 1u);
  for (const auto& room : h.machine.rooms().all()) EXPECT_EQ(room.state, room_state::waiting) << room.room.text;
  const auto ended = h.now;
  h.advance(100ms);
  h.put_token("better");
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.status().lost, ended);
}

TEST(session_auth, joins_nothing_and_leaves_nothing_of_the_last_connection) {
  harness h(plain_options());
  h.start();
  h.answer = R"({"userId":8})";
  h.lose(cause::connection_lost);
  for (const auto& room : h.machine.rooms().all()) EXPECT_EQ(room.state, room_state::waiting) << room.room.text;
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.count_sent(R"(42["leave_room")"), 0);
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-8", "shop-1", "admin-general"));
}

TEST(session_auth, ignores_answers_that_nobody_asked_for) {
  harness h(plain_options());
  h.start();
  const auto before = h.reports.size();
  h.event("auth_success", R"({"userId":99})");
  EXPECT_EQ(h.status().user, "7");
  EXPECT_EQ(h.reports.size(), before);
  h.answers = false;
  h.machine.reconnect(h.at());
  h.settle();
  h.event("auth_success", R"({"userId":99})");
  h.event("auth_error", "{}");
  EXPECT_EQ(h.status().state, state::connecting);
}

TEST(session_auth, survives_answers_of_any_shape) {
  for (const std::string_view answer :
       {"", "null", "1", "[]", "\"x\"", R"({"userId":null})", R"({"userId":{"a":1}})", R"({"userId":"\ud800"})"}) {
    SCOPED_TRACE(answer);
    harness h(plain_options());
    h.answer = answer;
    h.start();
    EXPECT_EQ(h.status().state, state::authenticated);
    EXPECT_EQ(h.status().user, "");
    EXPECT_THAT(h.notes, testing::Contains(HasSubstr("{userId}")));
  }
}

TEST(session_auth, that_lacks_a_field_for_the_rooms_is_told_of_in_the_same_words_for_all) {
  options settings = plain_options();
  settings.rooms.own.clear();
  settings.auth.one_user = true;
  harness h(settings);
  h.answer = "{}";
  h.start();
  ASSERT_EQ(h.notes.size(), 2u);
  EXPECT_EQ(h.notes[0], h.notes[1]) << "the log holds back what repeats itself";
  EXPECT_THAT(h.notes[0], HasSubstr("{userId}"));
}

TEST(session_auth, keeps_the_json_type_of_the_user) {
  harness h(plain_options());
  h.answer = R"({"userId":"\uc608\"","big":123456789012345678901234567890})";
  h.start();
  EXPECT_EQ(h.sent[2], "42[\"join_room\",{\"roomId\":\"user-\xec\x98\x88\\\"\",\"userId\":\"\\uc608\\\"\"}]");
}

TEST(session_auth, names_a_payload_that_cannot_be_made) {
  options settings = plain_options();
  settings.auth.payload = {{"token", "{tokn}"}};
  harness h(settings);
  h.start();
  EXPECT_EQ(h.status().cause, cause::auth_unusable);
  EXPECT_THAT(h.status().text, HasSubstr("{tokn}"));
}

// A server that answers by the request's acknowledgement.
class acknowledged_auth : public testing::Test {
 protected:
  acknowledged_auth() : h(settings()) {
    h.answers = false;
    h.start();
    h.engine(R"(40{"sid":"s"})");
  }
  static options settings() {
    options out = plain_options();
    out.auth.accepted = {{"ok", "true"}};
    out.auth.user_field = "user.id";
    out.rooms.own = "user-{user.id}";
    out.rooms.payload = payload_template(std::string("{room}"));
    return out;
  }
  bool ack(std::uint64_t id, std::string_view arguments) {
    const bool taken = h.machine.on_auth_ack(id, arguments, h.at());
    h.settle();
    return taken;
  }

  harness h;
};

TEST_F(acknowledged_auth, takes_the_user_from_the_acknowledgement) {
  EXPECT_EQ(h.sent.back(), R"(420["authenticate",{"token":"good"}])");
  EXPECT_FALSE(ack(1, R"({"ok":true})"));
  h.event("auth_success", R"({"user":{"id":99}})");
  EXPECT_EQ(h.status().state, state::authenticating) << "the event is not what was asked for";
  EXPECT_TRUE(ack(0, R"({"ok":true,"user":{"id":3}})"));
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.status().user, "3");
  EXPECT_THAT(h.sent, testing::Contains(R"(42["join_room","user-3"])"));
  EXPECT_FALSE(ack(0, R"({"ok":false})")) << "twice";
  h.event("auth_error", R"({"message":"expired"})");
  EXPECT_EQ(h.status().cause, cause::token_refused);
}

TEST_F(acknowledged_auth, says_what_a_refusal_says) {
  EXPECT_TRUE(ack(0, R"({"ok":false,"message":"good is too old"})"));
  EXPECT_EQ(h.status().state, state::connected);
  EXPECT_EQ(h.status().text, "the server refused the token: \"[token] is too old\"");
  ASSERT_TRUE(h.advance_to_deadline());
  EXPECT_EQ(h.sent.back(), R"(421["authenticate",{"token":"good"}])");
  EXPECT_TRUE(ack(1, R"("no")"));
  EXPECT_EQ(h.status().text, "the server refused the token: \"\"no\"\"");
  ASSERT_TRUE(h.advance_to_deadline());
  h.event("auth_error", R"({"message":"by event"})");
  EXPECT_EQ(h.status().text, "the server refused the token: \"by event\"");
  EXPECT_FALSE(ack(2, R"({"ok":true})")) << "refused already";
}

TEST_F(acknowledged_auth, of_a_token_that_is_ours_no_more_decides_nothing) {
  h.put_token("better");
  EXPECT_EQ(h.sent.back(), R"(421["authenticate",{"token":"better"}])");
  EXPECT_TRUE(ack(0, R"({"ok":false})"));
  EXPECT_EQ(h.status().state, state::authenticating);
  EXPECT_TRUE(ack(1, R"({"ok":true})"));
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST_F(acknowledged_auth, that_an_event_refuses_is_the_oldest_that_is_out) {
  h.put_token("better");
  h.event("auth_error", R"({"message":"good is too old"})");
  EXPECT_EQ(h.status().state, state::authenticating);
  EXPECT_TRUE(ack(1, R"({"ok":true})"));
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST_F(acknowledged_auth, that_never_comes_is_named) {
  h.advance(10s);
  EXPECT_EQ(h.status().cause, cause::auth_timeout);
  EXPECT_THAT(h.status().text, HasSubstr("no acknowledgement of \"authenticate\" and no \"auth_error\" within 10 s"));
}

}  // namespace
}  // namespace roombridge::upstream
