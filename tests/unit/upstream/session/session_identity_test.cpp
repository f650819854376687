// SPDX-License-Identifier: MIT
// When the session belongs to somebody else than before, so that what came until then is nobody's any more.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/upstream/session/jwt_text.hpp"
#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using test::harness;
using test::plain_options;

class session_identity : public testing::Test {
 protected:
  void come_back() {
    h.lose(cause::connection_lost);
    ASSERT_TRUE(h.reach(state::authenticated, 5));
  }

  harness h{plain_options()};
};

TEST_F(session_identity, stays_over_outages_tokens_and_logouts_of_one_user) {
  h.start();
  come_back();
  h.put_token({});
  EXPECT_EQ(h.status().state, state::offline);
  h.accepted = {"better"};
  h.put_token("better");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 0);
}

TEST_F(session_identity, changes_with_the_user) {
  h.start();
  h.answer = R"({"userId":8})";
  come_back();
  EXPECT_EQ(h.other_identities, 1);
  come_back();
  EXPECT_EQ(h.other_identities, 1) << "the same user again";
}

TEST_F(session_identity, changes_with_the_user_on_a_living_connection) {
  h.start();
  h.answer = R"({"userId":8})";
  h.accepted = {"better"};
  h.put_token("better");
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_EQ(h.connections, 1);
  EXPECT_EQ(h.other_identities, 1);
}

TEST_F(session_identity, changes_with_the_token_where_the_server_names_nobody) {
  h.answer = "{}";
  h.start();
  come_back();
  EXPECT_EQ(h.other_identities, 0);
  h.accepted = {"better"};
  h.put_token("better");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 1);
}

TEST_F(session_identity, that_hangs_on_the_token_is_told_of_at_the_first_login_and_in_the_status) {
  h.answer = "{}";
  h.start();
  const auto warned = [this] {
    return std::count_if(h.notes.begin(), h.notes.end(), [](const auto& note) {
      return note.find("the next token will count as another user's") != std::string::npos;
    });
  };
  EXPECT_EQ(warned(), 1);
  EXPECT_NE(h.status().unnamed.find("the authentication's answer has no {userId}"), std::string::npos);
  EXPECT_NE(h.status().unnamed.find("auth.one_user"), std::string::npos);
  come_back();
  EXPECT_EQ(warned(), 1);
  EXPECT_EQ(h.who.find("good"), std::string::npos) << "never the token itself";
  const std::string before = h.who;
  h.accepted = {"better"};
  h.put_token("better");
  EXPECT_NE(h.who, before) << "a person can tell the two apart";
  h.answer = R"({"userId":7})";
  come_back();
  EXPECT_EQ(h.status().unnamed, "");
  EXPECT_EQ(h.who, "user \"7\" of http://localhost:3001, path /socket.io/, namespace /");
}

TEST(session_identities, is_one_for_every_token_where_the_config_says_so) {
  options settings = plain_options();
  settings.auth.one_user = true;
  harness h(settings);
  h.answer = "{}";
  h.start();
  EXPECT_EQ(h.status().unnamed, "");
  h.accepted = {"better"};
  h.put_token("better");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 0);
  h.answer = R"({"userId":7})";
  h.machine.reconnect(h.at());
  h.settle();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 1) << "a name is a name";
}

TEST(session_identities, is_the_claims_subject_over_every_token_and_what_was_missed_is_asked_for) {
  options settings = plain_options();
  settings.auth.mode = auth_mode::header;
  settings.auth.identity = identity_source::claims;
  settings.auth.user_field = "sub";
  harness h(settings);
  h.offers_pid = "p";
  h.token = test::jwt(R"({"sub":"u","jti":1})");
  h.start();
  (void)h.machine.recovery().strip(R"(["e",{},"Pf3xK2a"])", false);
  h.lose(cause::connection_lost);
  h.token = test::jwt(R"({"sub":"u","jti":2})");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.sent[0], R"(40{"pid":"p","offset":"Pf3xK2a"})");
  EXPECT_EQ(h.other_identities, 0);
  EXPECT_FALSE(h.status().lost) << "recovered";
}

TEST_F(session_identity, of_which_only_a_login_tells_lets_nothing_be_asked_for_and_says_so) {
  h.offers_pid = "p";
  h.start();
  (void)h.machine.recovery().strip(R"(["e",{},"Pf3xK2a"])", false);
  h.lose(cause::connection_lost);
  h.token = "better";
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.sent[0], "40");
  ASSERT_FALSE(h.notes.empty());
  EXPECT_EQ(h.notes.back(),
            "the server is not asked for what was missed: the token has changed, and whose it is shows only after the "
            "login");
}

TEST_F(session_identity, changes_with_the_server) {
  options changed = plain_options();
  h.start();
  changed.url = "http://other:1";
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 1);
  come_back();
  EXPECT_EQ(h.other_identities, 1);
}

TEST_F(session_identity, of_the_first_session_is_no_change) {
  options changed = plain_options();
  h.token.reset();
  h.start();
  changed.url = "http://other:1";
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.put_token("good");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 0);
}

}  // namespace
}  // namespace roombridge::upstream
