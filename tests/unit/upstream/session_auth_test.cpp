// SPDX-License-Identifier: MIT
// Tokens, authentication, rooms and emits of the session machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/upstream/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
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
  EXPECT_EQ(h.status().text, "closed: \"bad token [token]\"");
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

TEST(session_auth, drops_to_connected_when_the_server_takes_it_back) {
  harness h(plain_options());
  h.start();
  h.event("auth_error", R"({"message":"token expired"})");
  EXPECT_EQ(h.status().state, state::connected);
  EXPECT_EQ(h.machine.counters().outages, 1u);
  for (const auto& room : h.machine.rooms().all()) EXPECT_EQ(room.state, room_state::waiting) << room.room;
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
  for (const auto& room : h.machine.rooms().all()) EXPECT_EQ(room.state, room_state::waiting) << room.room;
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

class session_emit : public testing::Test {
 protected:
  session_emit() : h(plain_options()) {}
  session::verdict emit(bool want_ack, std::string_view arguments = "[1]",
                        std::span<const bytes_view> attachments = {}) {
    out.clear();
    return h.machine.emit({"e", arguments, attachments, want_ack, 10s}, out, h.at());
  }
  harness h;
  std::string out;
};

TEST_F(session_emit, asks_for_acknowledgements_with_ids_of_their_own) {
  h.start();
  EXPECT_FALSE(emit(false).id);
  EXPECT_EQ(out, R"(42["e",1])");
  const auto first = emit(true).id;
  EXPECT_EQ(out, R"(420["e",1])");
  const auto second = emit(true).id;
  EXPECT_EQ(out, R"(421["e",1])");
  EXPECT_TRUE(h.machine.take_ack(*second));
  EXPECT_FALSE(h.machine.take_ack(*second)) << "twice";
  EXPECT_TRUE(h.machine.take_ack(*first));
  EXPECT_FALSE(h.machine.take_ack(77));
}

TEST_F(session_emit, fails_what_waits_when_the_connection_ends) {
  h.start();
  const auto first = emit(true).id;
  const auto second = emit(true).id;
  ASSERT_TRUE(h.machine.take_ack(*first));
  h.lose(cause::server_closed);
  ASSERT_EQ(h.failed.size(), 1u);
  EXPECT_EQ(h.failed[0].id, second);
  EXPECT_EQ(h.failed[0].error, emit_error::connection_lost);
  EXPECT_FALSE(h.machine.take_ack(*second));
}

TEST_F(session_emit, fails_what_is_not_acknowledged_in_time) {
  h.start();
  const auto id = emit(true).id;
  h.advance(10s - 1ms);
  EXPECT_THAT(h.failed, IsEmpty());
  h.advance(1ms);
  ASSERT_EQ(h.failed.size(), 1u);
  EXPECT_EQ(h.failed[0].id, id);
  EXPECT_EQ(h.failed[0].error, emit_error::ack_timeout);
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST_F(session_emit, has_a_bound_on_what_waits) {
  h.start();
  for (std::size_t i = 0; i < session::most_pending; ++i) ASSERT_TRUE(emit(true).id) << i;
  const auto refused = emit(true);
  EXPECT_EQ(refused.error, emit_error::too_many);
  EXPECT_FALSE(refused.id);
  EXPECT_EQ(emit(false).error, emit_error::none) << "which waits for nothing";
  ASSERT_TRUE(h.machine.take_ack(0));
  EXPECT_TRUE(emit(true).id);
}

TEST_F(session_emit, refuses_while_not_authenticated) {
  h.token = "bad";
  h.start();
  const auto verdict = emit(true);
  EXPECT_EQ(verdict.error, emit_error::not_connected);
  EXPECT_THAT(verdict.text, HasSubstr("connected"));
}

TEST_F(session_emit, refuses_what_the_server_would_close_for) {
  h.start();
  const std::string fits = "[\"" + std::string(1000 - 11, 'x') + "\"]";
  EXPECT_EQ(emit(true, fits).error, emit_error::none) << out.size();
  EXPECT_EQ(out.size(), 1000u);
  const std::string large = "[\"" + std::string(1000 - 10, 'x') + "\"]";
  const auto verdict = emit(true, large);
  EXPECT_EQ(verdict.error, emit_error::too_large);
  EXPECT_THAT(verdict.text, HasSubstr("1000"));
  EXPECT_THAT(verdict.text, HasSubstr(std::to_string(out.size())));
  const std::vector<std::byte> bytes(1001);
  const std::array<bytes_view, 1> attachments{bytes_view(bytes)};
  const auto binary = emit(false, R"([{"_placeholder":true,"num":0}])", attachments);
  EXPECT_EQ(binary.error, emit_error::too_large);
  EXPECT_THAT(binary.text, HasSubstr("1001"));
  const std::array<bytes_view, 11> many{};
  EXPECT_EQ(emit(false, "[]", std::span(many).first(10)).error, emit_error::none);
  const auto crowd = emit(false, "[]", many);
  EXPECT_EQ(crowd.error, emit_error::too_large);
  EXPECT_THAT(crowd.text, HasSubstr("11 attachments"));
}

}  // namespace
}  // namespace roombridge::upstream
