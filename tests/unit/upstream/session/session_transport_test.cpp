// SPDX-License-Identifier: MIT
// Which transport the session takes, and what it says about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using enum transport_kind;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

options with(std::vector<transport_kind> transports) {
  options out = plain_options();
  out.transports = std::move(transports);
  return out;
}

// Every step of a connection before the namespace is joined fails in turn: HTTP, the open packet, the CONNECT's answer.
TEST(session_transport, is_the_next_one_after_a_refusal_before_the_namespace_is_joined) {
  for (std::size_t step = 0; step < 3; ++step) {
    harness h(plain_options());
    h.fault_at = step;
    h.fault = [](harness& broken) { broken.lose(cause::connection_lost); };
    h.start();
    EXPECT_EQ(h.status().state, state::offline) << step;
    EXPECT_THAT(h.status().text, HasSubstr("(HTTP long-polling is tried next)"));
    EXPECT_FALSE(h.status().transport);
    EXPECT_TRUE(h.reach(state::authenticated, 5));
    EXPECT_THAT(h.over, ElementsAre(websocket, polling));
    EXPECT_EQ(h.status().transport, polling);
  }
}

TEST(session_transport, stays_when_it_is_not_to_blame) {
  for (const cause why : {cause::tcp_refused, cause::dns_failure, cause::tls_expired, cause::namespace_refused}) {
    harness h(plain_options());
    h.fault_at = 0;
    h.fault = [why](harness& broken) { broken.lose(why); };
    h.start();
    EXPECT_THAT(h.status().text, Not(HasSubstr("tried next")));
    EXPECT_TRUE(h.reach(state::authenticated, 5));
    EXPECT_THAT(h.over, ElementsAre(websocket, websocket)) << to_string(why);
  }
}

TEST(session_transport, stays_where_there_is_no_other) {
  harness h(with({polling}));
  h.fault_at = 0;
  h.fault = [](harness& broken) { broken.lose(cause::http_4xx); };
  h.start();
  EXPECT_THAT(h.status().text, Not(HasSubstr("tried next")));
  EXPECT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(h.over, ElementsAre(polling, polling));
}

TEST(session_transport, goes_round_while_all_are_refused) {
  harness h(plain_options());
  h.start();
  h.lose(cause::connection_lost);
  for (int i = 0; i < 3; ++i) {
    h.fault_at = h.steps;
    h.fault = [](harness& broken) { broken.lose(cause::http_5xx); };
    h.advance_to_deadline();
  }
  EXPECT_THAT(h.over, ElementsAre(websocket, websocket, polling, websocket));
  EXPECT_THAT(h.status().text, HasSubstr("(HTTP long-polling is tried next)"));
}

// A server without long-polling: how it refuses that says nothing of the WebSocket.
TEST(session_transport, does_not_slow_the_attempts_where_only_one_is_refused) {
  harness h(plain_options());
  h.start();
  h.lose(cause::connection_lost);
  for (int i = 0; i < 20; ++i) {
    h.fault_at = h.steps;
    h.fault = [](harness& broken) {
      broken.lose(broken.over.back() == polling ? cause::http_4xx : cause::connect_timeout);
    };
    h.advance_to_deadline();
    ASSERT_TRUE(h.status().next_attempt);
    EXPECT_LE(*h.status().next_attempt - h.now, plain_options().reconnect.max) << i;
  }
}

TEST(session_transport, slows_the_attempts_where_all_are_refused) {
  options settings = plain_options();
  settings.reconnect.redeploy = 0ms;
  harness h(settings);
  h.start();
  h.lose(cause::connection_lost);
  for (int i = 0; i < 20; ++i) {
    h.fault_at = h.steps;
    h.fault = [](harness& broken) { broken.lose(cause::http_4xx); };
    h.advance_to_deadline();
  }
  EXPECT_GT(*h.status().next_attempt - h.now, plain_options().reconnect.max);
}

// A host may have an address that takes connections and lets nothing through: each transport has its try at it.
TEST(session_transport, all_are_tried_before_the_turn_of_the_next_address) {
  harness h(plain_options());
  std::vector<std::size_t> turns;
  h.fault = [&](harness& broken) {
    turns.push_back(broken.turn);
    broken.fault_at = broken.steps;
    broken.lose(cause::connect_timeout);
  };
  h.fault_at = 0;
  h.start();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(h.advance_to_deadline());
  EXPECT_THAT(turns, ElementsAre(0u, 0u, 1u, 1u, 2u));
  h.fault_at.reset();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.turn, 2u);
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.turn, 2u) << "what carried a session is tried first afterwards";
}

TEST(session_transport, that_carried_a_session_is_tried_first_afterwards) {
  harness h(plain_options());
  h.upgrades = R"(["websocket"])";
  h.fault_at = 0;
  h.fault = [](harness& broken) { broken.lose(cause::http_4xx); };
  h.start();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.machine.on_upgrade();
  h.settle();
  EXPECT_EQ(h.status().transport, websocket);
  EXPECT_EQ(h.reports.back(), h.status());
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(h.over, ElementsAre(websocket, polling, polling, websocket));
}

TEST(session_transport, is_the_first_again_where_no_upgrade_leads_back) {
  harness h(plain_options());
  h.fault_at = 0;
  h.fault = [](harness& broken) { broken.lose(cause::http_4xx); };
  h.start();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(h.over, ElementsAre(websocket, polling, websocket));
}

TEST(session_transport, is_the_first_again_when_a_person_asks_for_a_connection) {
  harness h(plain_options());
  h.upgrades = R"(["websocket"])";
  h.fault_at = 0;
  h.fault = [](harness& broken) { broken.lose(cause::http_4xx); };
  h.start();
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  h.machine.reconnect(h.at());
  h.settle();
  EXPECT_THAT(h.over, ElementsAre(websocket, polling, websocket));
}

TEST(session_transport, follows_a_reload) {
  harness h(plain_options());
  h.start();
  h.machine.reconfigure(with({polling}), connection_use::make_anew, h.at());
  h.settle();
  EXPECT_EQ(h.status().state, state::authenticated);
  EXPECT_THAT(h.over, ElementsAre(websocket, polling));
}

TEST(session_transport, leaves_no_second_gap_when_it_changes) {
  harness h(plain_options());
  h.start();
  h.lose(cause::connection_lost);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_TRUE(h.status().lost);
  h.machine.on_upgrade();
  EXPECT_FALSE(h.status().lost);
}

// maxPayload is 1000 here, and base64 makes four bytes of three.
TEST(session_transport, counts_an_attachment_as_it_travels) {
  const std::vector<std::byte> bytes(999);
  const std::vector<bytes_view> attachments{bytes};
  std::string out;
  harness web(with({websocket}));
  web.start();
  EXPECT_EQ(web.machine.emit({"e", "[]", attachments}, out, web.at()).error, emit_error::none);
  out.clear();
  harness polls(with({polling}));
  polls.start();
  const auto refused = polls.machine.emit({"e", "[]", attachments}, out, polls.at());
  EXPECT_EQ(refused.error, emit_error::too_large);
  EXPECT_THAT(refused.text, HasSubstr("1333 bytes"));
  EXPECT_THAT(refused.text, HasSubstr("1000 bytes"));
  const std::vector<bytes_view> fitting{bytes_view(bytes).first(747)};
  out.clear();
  EXPECT_EQ(polls.machine.emit({"e", "[]", fitting}, out, polls.at()).error, emit_error::none);
}

}  // namespace
}  // namespace roombridge::upstream
