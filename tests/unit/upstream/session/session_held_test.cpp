// SPDX-License-Identifier: MIT
// Emits that are held until the session is authenticated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

options holding_options() {
  options out = plain_options();
  out.hold = {{"order", 2, 4096, 60s}};
  return out;
}

class session_held : public testing::Test {
 protected:
  session::verdict emit(std::string_view event, std::string_view arguments, bool want_ack = false,
                        milliseconds deadline = 10s) {
    std::string out;
    auto verdict = h.machine.emit({event, arguments, {}, want_ack, deadline}, out, h.at());
    if (!out.empty()) h.sent.push_back(out);
    h.settle();
    return verdict;
  }
  void offline() {
    h.token.reset();
    h.start();
  }
  [[nodiscard]] std::vector<emit_error> dropped() const {
    std::vector<emit_error> out;
    for (const auto& one : h.dropped) out.push_back(one.error);
    return out;
  }

  harness h{holding_options()};
};

TEST_F(session_held, are_sent_in_their_order_behind_the_rooms) {
  h.answers = false;
  h.start();
  h.engine(R"(40{"sid":"s"})");
  EXPECT_TRUE(emit("order", "[1]").held);
  const auto second = emit("order", "[2]", true).held;
  ASSERT_TRUE(second);
  h.event("auth_success", R"({"userId":7})");
  const auto end = h.sent.end();
  EXPECT_THAT(std::vector(end - 4, end),
              ElementsAre(HasSubstr("shop-1"), HasSubstr("admin-general"), R"(42["order",1])", R"(420["order",2])"));
  ASSERT_EQ(h.held_sent.size(), 2u);
  EXPECT_FALSE(h.held_sent[0].ack);
  EXPECT_EQ(h.held_sent[1].what.id, *second);
  EXPECT_TRUE(h.machine.take_ack(*h.held_sent[1].ack));
  EXPECT_FALSE(emit("order", "[3]").held) << "now there is no need";
  EXPECT_EQ(h.machine.held_count(), 0u);
}

TEST_F(session_held, that_a_changed_config_does_not_permit_are_not_sent) {
  bool may = true;
  offline();
  std::string out;
  const auto verdict = h.machine.emit({.event = "order",
                                       .arguments = "[1]",
                                       .attachments = {},
                                       .want_ack = true,
                                       .deadline = 10s,
                                       .permitted = [&may] { return may; }},
                                      out, h.at());
  ASSERT_TRUE(verdict.held);
  h.machine.reconfigure(holding_options(), connection_use::keep, h.at());
  h.settle();
  EXPECT_THAT(h.dropped, IsEmpty());
  may = false;
  h.machine.reconfigure(holding_options(), connection_use::keep, h.at());
  h.settle();
  ASSERT_EQ(h.dropped.size(), 1u);
  EXPECT_EQ(h.dropped[0].id, *verdict.held);
  EXPECT_EQ(h.dropped[0].error, emit_error::not_permitted);
  h.put_token("good");
  EXPECT_EQ(h.count_sent(R"(420["order")"), 0);
}

TEST_F(session_held, only_those_that_the_config_names) {
  offline();
  const auto verdict = emit("news", "[1]");
  EXPECT_EQ(verdict.error, emit_error::not_connected);
  EXPECT_FALSE(verdict.held);
}

TEST_F(session_held, their_acknowledgement_has_what_is_left_of_the_deadline) {
  offline();
  ASSERT_TRUE(emit("order", "[1]", true, 10s).held);
  h.advance(4s);
  h.put_token("good");
  ASSERT_EQ(h.held_sent.size(), 1u);
  h.advance(6s - 1ms);
  EXPECT_THAT(h.failed, IsEmpty());
  h.advance(1ms);
  ASSERT_EQ(h.failed.size(), 1u);
  EXPECT_EQ(h.failed[0].error, emit_error::ack_timeout);
}

TEST_F(session_held, in_vain_are_told_at_their_deadline) {
  offline();
  const auto id = emit("order", "[1]", false, 10s).held;
  h.advance(10s - 1ms);
  EXPECT_THAT(h.dropped, IsEmpty());
  h.advance(1ms);
  ASSERT_THAT(dropped(), ElementsAre(emit_error::hold_expired));
  EXPECT_EQ(h.dropped[0].id, *id);
  h.put_token("good");
  EXPECT_THAT(h.held_sent, IsEmpty());
}

TEST_F(session_held, one_too_many_is_refused_and_the_others_stay) {
  offline();
  ASSERT_TRUE(emit("order", "[1]").held && emit("order", "[2]").held);
  const auto verdict = emit("order", "[3]");
  EXPECT_EQ(verdict.error, emit_error::hold_full);
  EXPECT_THAT(verdict.text, HasSubstr("emits.hold"));
  h.put_token("good");
  EXPECT_EQ(h.held_sent.size(), 2u);
}

TEST_F(session_held, survive_an_outage_and_a_refusal_of_the_token) {
  h.start();
  h.lose(cause::connection_lost);
  h.token = "bad";
  ASSERT_TRUE(emit("order", "[1]").held);
  ASSERT_TRUE(h.reach(state::connected, 5));
  ASSERT_TRUE(emit("order", "[2]").held);
  h.put_token("good");
  EXPECT_EQ(h.held_sent.size(), 2u);
}

TEST_F(session_held, another_users_login_fails_them) {
  h.start();
  h.lose(cause::connection_lost);
  ASSERT_TRUE(emit("order", "[1]").held);
  h.answer = R"({"userId":8})";
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(dropped(), ElementsAre(emit_error::session_changed));
  EXPECT_THAT(h.held_sent, IsEmpty());
}

TEST_F(session_held, where_the_server_names_nobody_another_token_fails_them) {
  h.answer = "{}";
  h.start();
  h.lose(cause::connection_lost);
  ASSERT_TRUE(emit("order", "[1]").held);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.held_sent.size(), 1u) << "the same token";
  h.lose(cause::connection_lost);
  h.token = "better";
  ASSERT_TRUE(emit("order", "[2]").held);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(dropped(), ElementsAre(emit_error::session_changed));
}

TEST_F(session_held, another_server_fails_them_and_a_new_connection_does_not) {
  offline();
  ASSERT_TRUE(emit("order", "[1]").held);
  options changed = holding_options();
  changed.auth.error_text = "why";
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_THAT(h.dropped, IsEmpty());
  changed.url = "http://other:1";
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  EXPECT_THAT(dropped(), ElementsAre(emit_error::session_changed));
}

TEST_F(session_held, what_is_held_for_the_new_server_knows_no_user_of_the_old_one) {
  h.start();
  h.lose(cause::connection_lost);
  options changed = holding_options();
  changed.url = "http://other:1";
  h.accepted.clear();
  h.machine.reconfigure(changed, connection_use::make_anew, h.at());
  h.settle();
  ASSERT_TRUE(emit("order", "[1]").held);
  h.answer = R"({"userId":8})";
  h.accepted = {"better"};
  h.put_token("better");
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_THAT(h.dropped, IsEmpty());
  EXPECT_EQ(h.held_sent.size(), 1u);
}

TEST_F(session_held, the_end_fails_them) {
  offline();
  ASSERT_TRUE(emit("order", "[1]").held);
  h.machine.stop(h.at());
  h.settle();
  EXPECT_THAT(dropped(), ElementsAre(emit_error::not_connected));
  EXPECT_EQ(emit("order", "[2]").error, emit_error::not_connected) << "and nothing is held any more";
}

TEST_F(session_held, what_the_server_would_close_for_is_not_sent) {
  offline();
  ASSERT_TRUE(emit("order", "[\"" + std::string(1000, 'x') + "\"]").held);
  ASSERT_TRUE(emit("order", "[2]").held);
  h.put_token("good");
  EXPECT_THAT(dropped(), ElementsAre(emit_error::too_large));
  EXPECT_EQ(h.held_sent.size(), 1u);
}

class session_held_for_rooms : public session_held {
 protected:
  session_held_for_rooms() {
    options settings = holding_options();
    settings.rooms.own.clear();
    settings.rooms.accepted = {{"ok", "true"}};
    h.machine.reconfigure(settings, connection_use::keep, h.at());
    offline();
    EXPECT_TRUE(emit("order", "[1]").held);
    h.put_token("good");
  }
};

TEST_F(session_held_for_rooms, wait_for_the_servers_answers) {
  EXPECT_THAT(h.held_sent, IsEmpty());
  EXPECT_TRUE(h.machine.on_room_ack(0, R"({"ok":true})", h.at()));
  h.settle();
  EXPECT_THAT(h.held_sent, IsEmpty());
  EXPECT_TRUE(emit("order", "[2]").held) << "it may not overtake the first";
  EXPECT_FALSE(emit("news", "[]").held);
  EXPECT_TRUE(h.machine.on_room_ack(1, R"({"ok":false})", h.at()));
  h.settle();
  EXPECT_EQ(h.held_sent.size(), 2u);
  EXPECT_FALSE(emit("order", "[3]").held);
}

TEST_F(session_held_for_rooms, do_not_wait_for_ever) {
  h.advance(5s - 1ms);
  EXPECT_THAT(h.held_sent, IsEmpty());
  h.advance(1ms);
  EXPECT_EQ(h.held_sent.size(), 1u);
}

TEST_F(session_held_for_rooms, stay_when_the_connection_goes_meanwhile) {
  h.lose(cause::connection_lost);
  EXPECT_THAT(h.held_sent, IsEmpty());
  EXPECT_THAT(h.dropped, IsEmpty());
  EXPECT_EQ(h.machine.held_count(), 1u);
}

}  // namespace
}  // namespace roombridge::upstream
