// SPDX-License-Identifier: MIT
// The ways in which a token reaches the server other than by an event.
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
using testing::Not;
using testing::Pair;

const std::string of_user_5 = test::jwt(R"({"sub":"u-5"})");

options in_mode(auth_mode mode, identity_source identity = identity_source::none) {
  options out = plain_options();
  out.auth.mode = mode;
  out.auth.identity = identity;
  if (identity == identity_source::none) {
    out.rooms.own.clear();
    out.rooms.payload = {{"roomId", "{room}"}};
  }
  return out;
}

TEST(session_handshake, carries_what_the_config_adds_in_every_mode) {
  options settings = in_mode(auth_mode::event);
  settings.headers = {{"X-Till", "{token}"}};
  settings.query = {{"tenant", "7"}};
  harness plain(settings);
  plain.start();
  EXPECT_EQ(plain.extras, (request_extras{settings.headers, settings.query}));
  settings.auth.mode = auth_mode::header;
  harness header(settings);
  header.start();
  EXPECT_EQ(header.extras, (request_extras{{{"X-Till", "{token}"}, {"Authorization", "Bearer good"}}, settings.query}));
}

TEST(session_handshake, is_made_anew_when_the_config_adds_something_else) {
  harness h(in_mode(auth_mode::event));
  h.start();
  options changed = h.machine.settings();
  changed.query = {{"tenant", "7"}};
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(h.connections, 2);
  EXPECT_EQ(h.extras.query, changed.query);
}

TEST(session_connect_mode, is_authenticated_as_soon_as_the_namespace_is_joined) {
  harness h(in_mode(auth_mode::connect));
  h.start();
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_THAT(h.sent, ElementsAre(R"(40{"token":"good"})", R"(42["join_room",{"roomId":"shop-1"}])",
                                  R"(42["join_room",{"roomId":"admin-general"}])"));
  EXPECT_EQ(h.machine.counters().authenticated, 1u);
}

TEST(session_connect_mode, names_the_field_as_the_config_does_and_may_send_none) {
  options settings = in_mode(auth_mode::connect);
  settings.auth.payload = {{"jwt", "Bearer {token}"}, {"kind", "shop"}};
  harness named(settings);
  named.start();
  EXPECT_EQ(named.sent[0], R"(40{"jwt":"Bearer good","kind":"shop"})");
  settings.auth.payload = {};
  settings.token = token_none{};
  harness none(settings);
  none.token = "";
  none.start();
  EXPECT_EQ(none.sent[0], "40");
  EXPECT_EQ(none.status().state, state::authenticated);
}

TEST(session_connect_mode, sends_what_lies_deeper) {
  using map = payload_template::map;
  options settings = in_mode(auth_mode::connect);
  settings.auth.payload = payload_template(map{{"auth", payload_template{{"token", "{token}"}}}});
  harness h(settings);
  h.start();
  EXPECT_EQ(h.sent[0], R"(40{"auth":{"token":"good"}})");
}

TEST(session_connect_mode, asks_for_recovery_in_the_same_object) {
  harness h(in_mode(auth_mode::connect));
  h.offers_pid = "p";
  h.start();
  (void)h.machine.recovery().strip(R"(["e",{},"Pf3xK2a"])", false);
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.sent[0], R"(40{"token":"good","pid":"p","offset":"Pf3xK2a"})");
  EXPECT_FALSE(h.status().lost) << "recovered";
}

TEST(session_connect_mode, retries_a_refused_token_with_growing_delays_and_a_changed_one_at_once) {
  harness h(in_mode(auth_mode::connect));
  h.token = "bad";
  h.start();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(h.status().state, state::offline);
    EXPECT_EQ(h.status().cause, cause::token_refused);
    EXPECT_EQ(h.status().text, "the server refused the token: \"jwt expired\"");
    EXPECT_GE(*h.status().next_attempt - h.now, std::min(500ms * (1 << i), 150'000ms));
    EXPECT_LE(*h.status().next_attempt - h.now, std::min(1000ms * (1 << i), 300'000ms));
    h.advance_to_deadline();
  }
  EXPECT_EQ(h.connections, 13);
  h.put_token("good");
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.connections, 14);
}

TEST(session_connect_mode, tells_a_namespace_that_does_not_exist_from_a_bad_token) {
  harness h(in_mode(auth_mode::connect));
  h.answers = false;
  h.start();
  h.engine(R"(44{"message":"Invalid namespace"})");
  EXPECT_EQ(h.status().cause, cause::namespace_refused);
}

TEST(session_connect_mode, never_shows_the_token_that_a_refusal_repeats) {
  harness h(in_mode(auth_mode::connect));
  h.token = "s3cret/token";
  h.answers = false;
  h.start();
  h.engine(R"(44{"message":"s3cret/token, or s3cret%2Ftoken, is bad"})");
  EXPECT_EQ(h.status().text, "the server refused the token: \"[token], or [token], is bad\"");
  h.machine.reconnect(h.at());
  h.settle();
  h.engine(R"(44{"message":"no","data":{"token":"s3cret/token"}})");
  EXPECT_EQ(h.status().text, "the server refused the token: \"no {\"token\":\"[token]\"}\"");
}

TEST(session_modes, carry_a_changed_token_with_a_new_connection) {
  for (const auth_mode mode : {auth_mode::connect, auth_mode::header, auth_mode::query}) {
    harness h(in_mode(mode));
    h.start();
    h.put_token("better");
    EXPECT_EQ(h.connections, 2);
    EXPECT_THAT(h.closes, ElementsAre(1000));
    EXPECT_EQ(h.status().state, state::authenticated);
    EXPECT_EQ(h.machine.counters().causes.at(cause::token_changed), 1u);
    EXPECT_TRUE(h.status().lost) << "what came in between is missed";
    EXPECT_EQ(h.machine.counters().outages, 0u) << "it was our wish";
    EXPECT_EQ(h.count_sent(R"(42["authenticate")"), 0);
    EXPECT_THAT(h.machine.settings().auth.mode == auth_mode::connect
                    ? h.sent[0]
                    : header_lines(h.extras.headers) + query_text(h.extras.query),
                HasSubstr("better"));
    h.put_token("better");
    EXPECT_EQ(h.connections, 2) << "unchanged";
    h.put_token(std::nullopt);
    EXPECT_EQ(h.status().cause, cause::token_missing);
  }
}

TEST(session_modes, carry_a_token_that_changes_while_the_connection_comes_about) {
  for (const auth_mode mode : {auth_mode::connect, auth_mode::header}) {
    harness h(in_mode(mode));
    h.answers = false;
    h.start();
    h.answers = true;
    h.put_token("better");
    EXPECT_EQ(h.connections, 2);
    EXPECT_EQ(h.status().state, state::authenticated);
  }
}

TEST(session_modes, drop_a_connection_whose_token_the_server_takes_back) {
  harness h(in_mode(auth_mode::header));
  h.start();
  h.event("auth_error", R"({"message":"token expired"})");
  EXPECT_EQ(h.status().state, state::offline);
  EXPECT_EQ(h.status().cause, cause::token_refused);
  EXPECT_EQ(h.machine.counters().outages, 1u);
  EXPECT_TRUE(h.status().next_attempt);
}

TEST(session_modes, wait_for_the_event_that_tells_the_user) {
  harness h(in_mode(auth_mode::connect, identity_source::answer));
  h.start();
  EXPECT_EQ(h.status().state, state::authenticating);
  EXPECT_EQ(h.count_sent("42"), 0) << "nothing asks for it";
  h.event("auth_success", R"({"userId":7})");
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.status().user, "7");
  EXPECT_THAT(h.rooms, testing::Contains("user-7"));
}

TEST(session_modes, say_what_to_do_when_that_event_never_comes) {
  harness h(in_mode(auth_mode::connect, identity_source::answer));
  h.start();
  h.answers = false;
  h.advance(10s);
  EXPECT_EQ(h.status().cause, cause::auth_timeout);
  EXPECT_THAT(h.status().text, HasSubstr("auth.identity"));
}

TEST(session_modes, know_the_user_from_the_tokens_claims) {
  options settings = in_mode(auth_mode::header, identity_source::claims);
  settings.auth.user_field = "sub";
  settings.rooms.own = "user-{sub}";
  settings.rooms.payload = {{"roomId", "{room}"}, {"who", "{sub}"}};
  harness h(settings);
  h.token = of_user_5;
  h.start();
  EXPECT_EQ(h.status().user, "u-5");
  EXPECT_THAT(h.sent, testing::Contains(R"(42["join_room",{"roomId":"user-u-5","who":"u-5"}])"));
}

TEST(session_modes, say_when_the_claims_lack_what_a_room_needs) {
  options settings = in_mode(auth_mode::header, identity_source::claims);
  for (const std::string& token : {of_user_5, std::string("opaque"), std::string("a.!.c")}) {
    harness h(settings);
    h.token = token;
    h.start();
    EXPECT_EQ(h.status().state, state::authenticated);
    EXPECT_THAT(h.notes, testing::Contains(HasSubstr("the token's claims have no {userId}"))) << token;
  }
}

TEST(session_handshake, carries_the_token_in_a_header) {
  harness h(in_mode(auth_mode::header));
  h.start();
  EXPECT_THAT(h.extras.headers, ElementsAre(Pair("Authorization", "Bearer good")));
  EXPECT_THAT(h.extras.query, IsEmpty());
  EXPECT_EQ(h.sent[0], "40");
}

TEST(session_handshake, carries_the_token_in_the_query) {
  harness h(in_mode(auth_mode::query));
  h.start();
  EXPECT_THAT(h.extras.query, ElementsAre(Pair("token", "good")));
  EXPECT_THAT(h.extras.headers, IsEmpty());
}

TEST(session_handshake, carries_nothing_in_the_other_modes) {
  for (const auth_mode mode : {auth_mode::event, auth_mode::connect}) {
    harness h(in_mode(mode));
    h.start();
    EXPECT_EQ(h.extras, request_extras{});
  }
}

TEST(session_handshake, is_not_made_with_a_token_that_would_end_its_header) {
  harness h(in_mode(auth_mode::header));
  h.token = "s3cret\r\nX-Admin: yes";
  h.start();
  EXPECT_EQ(h.connections, 0);
  EXPECT_EQ(h.status().cause, cause::auth_unusable);
  EXPECT_THAT(h.status().text, Not(HasSubstr("s3cret")));
  EXPECT_TRUE(h.status().next_attempt);
  h.put_token("good");
  EXPECT_EQ(h.status().state, state::authenticated);
}

TEST(session_handshake, that_is_refused_may_mean_the_token) {
  harness h(in_mode(auth_mode::query));
  h.answers = false;
  h.fault_at = 0;
  h.fault = [](harness& self) { self.lose(cause::http_4xx); };
  h.start();
  EXPECT_EQ(h.status().cause, cause::http_4xx);
  EXPECT_THAT(h.status().text, HasSubstr("may mean the token"));
  h.answers = true;
  h.put_token("better");
  EXPECT_EQ(h.status().state, state::authenticated) << "at once";
}

}  // namespace
}  // namespace roombridge::upstream
