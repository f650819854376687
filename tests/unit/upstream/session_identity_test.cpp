// SPDX-License-Identifier: MIT
// When the session belongs to somebody else than before, so that what came until then is nobody's any more.
#include <gtest/gtest.h>

#include "tests/unit/upstream/session_harness.hpp"

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

TEST_F(session_identity, changes_with_the_server) {
  options changed = plain_options();
  h.start();
  changed.url = "http://other:1";
  h.machine.reconfigure(changed, h.at());
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
  h.machine.reconfigure(changed, h.at());
  h.put_token("good");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.other_identities, 0);
}

}  // namespace
}  // namespace roombridge::upstream
