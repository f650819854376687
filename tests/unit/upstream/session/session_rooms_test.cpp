// SPDX-License-Identifier: MIT
// Rooms that local programs hold, and servers that answer a join.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/upstream/session/session_harness.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::harness;
using test::plain_options;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

options answering_options() {
  options out = plain_options();
  out.rooms.declared.clear();
  out.rooms.own.clear();
  out.rooms.accepted = {{"ok", "true"}};
  return out;
}

TEST(session_rooms, a_number_and_its_text_are_two_rooms) {
  options settings = plain_options();
  settings.rooms.declared = {room_name::of_number("42"), "42"};
  settings.rooms.payload = payload_template(std::string("{room}"));
  settings.rooms.own = "{userId}";
  harness h(settings);
  h.start();
  EXPECT_THAT(h.sent, ElementsAre("40", R"(42["authenticate",{"token":"good"}])", R"(42["join_room",7])",
                                  R"(42["join_room",42])", R"(42["join_room","42"])"));
  // What programs hold is text.
  ASSERT_EQ(h.machine.hold_room(1, "7", 10s, h.at()).state, room_state::asked);
  h.settle();
  EXPECT_EQ(h.sent.back(), R"(42["join_room","7"])");
  options changed = settings;
  changed.rooms.declared = {"42"};
  h.machine.reconfigure(changed, connection_use::keep, h.at());
  h.settle();
  EXPECT_EQ(h.sent.back(), R"(42["leave_room",42])");
  EXPECT_EQ(h.machine.rooms().all().size(), 3u);
}

TEST(session_rooms, a_payload_may_be_several_arguments) {
  options settings = plain_options();
  settings.rooms.own.clear();
  using text = std::string;
  settings.rooms.payload =
      payload_template(payload_template::list{payload_template(text("{userId}")), payload_template(text("{room}")),
                                              payload_template(payload_template::list{})});
  settings.auth.payload = payload_template(text("{token}"));
  harness h(settings);
  h.start();
  EXPECT_EQ(h.sent[1], R"(42["authenticate","good"])");
  EXPECT_THAT(h.sent, Contains(R"(42["join_room",7,"shop-1",[]])"));
}

class held_rooms : public testing::Test {
 protected:
  session::join_verdict hold(room_holder who, const std::string& room) {
    auto verdict = h.machine.hold_room(who, room, 10s, h.at());
    h.settle();
    return verdict;
  }
  bool release(room_holder who, const std::string& room) {
    const bool held = h.machine.release_room(who, room, h.at());
    h.settle();
    return held;
  }

  harness h{plain_options()};
};

TEST_F(held_rooms, are_joined_at_once_and_left_after_a_while) {
  h.start();
  EXPECT_EQ(hold(1, "shop-9").state, room_state::asked);
  EXPECT_EQ(h.sent.back(), R"(42["join_room",{"roomId":"shop-9","userId":7}])");
  EXPECT_EQ(hold(2, "shop-9").state, room_state::asked);
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-9")"), 1);
  EXPECT_TRUE(release(1, "shop-9"));
  EXPECT_FALSE(release(1, "shop-9"));
  EXPECT_TRUE(release(2, "shop-9"));
  h.advance(30s - 1ms);
  EXPECT_TRUE(h.rooms.contains("shop-9"));
  h.advance(1ms);
  EXPECT_EQ(h.sent.back(), R"(42["leave_room",{"roomId":"shop-9","userId":7}])");
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-1", "admin-general"));
}

TEST_F(held_rooms, declared_ones_are_neither_joined_twice_nor_left) {
  h.start();
  const auto before = h.sent.size();
  EXPECT_EQ(hold(1, "shop-1").state, room_state::asked);
  EXPECT_TRUE(release(1, "shop-1"));
  h.advance(1min - 1s);
  EXPECT_EQ(h.sent.size(), before);
}

TEST_F(held_rooms, wait_for_an_authentication_and_come_back_after_each) {
  EXPECT_EQ(hold(1, "shop-9").state, room_state::waiting);
  h.start();
  EXPECT_TRUE(h.rooms.contains("shop-9"));
  h.lose(cause::connection_lost);
  EXPECT_EQ(h.machine.rooms().of("shop-9").state, room_state::waiting);
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_TRUE(h.rooms.contains("shop-9"));
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-9")"), 1);
  h.event("auth_error", "{}");
  h.put_token("better");
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-9")"), 2) << "once for each authentication";
}

TEST_F(held_rooms, let_go_while_the_token_is_refused_are_left_afterwards) {
  h.start();
  hold(1, "shop-9");
  h.event("auth_error", "{}");
  EXPECT_TRUE(release(1, "shop-9"));
  h.put_token("better");
  EXPECT_EQ(h.count_sent(R"(42["leave_room",{"roomId":"shop-9","userId":7}])"), 1)
      << "the server has not taken us out of it";
  EXPECT_FALSE(h.rooms.contains("shop-9"));
}

TEST_F(held_rooms, let_go_during_an_outage_are_left_when_the_server_puts_us_back_in) {
  h.offers_pid = "p";
  h.start();
  hold(1, "shop-9");
  std::string padded = R"(["e","offset-1"])" + std::string(64, ' ');
  (void)h.machine.recovery().strip(std::string_view(padded).substr(0, 16), false);
  h.lose(cause::connection_lost);
  EXPECT_TRUE(release(1, "shop-9"));
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  ASSERT_TRUE(h.machine.recovery().recovered());
  EXPECT_EQ(h.count_sent(R"(42["leave_room",{"roomId":"shop-9","userId":7}])"), 1);
}

TEST_F(held_rooms, let_go_during_an_outage_are_not_left_on_a_new_connection) {
  h.start();
  hold(1, "shop-9");
  h.lose(cause::connection_lost);
  EXPECT_TRUE(release(1, "shop-9"));
  ASSERT_TRUE(h.reach(state::authenticated, 5));
  EXPECT_EQ(h.count_sent(R"(42["leave_room")"), 0);
  EXPECT_FALSE(h.rooms.contains("shop-9"));
}

TEST_F(held_rooms, are_refused_when_their_payload_cannot_be_made) {
  options settings = plain_options();
  settings.rooms.payload = {{"room", "{room}"}, {"key", "{key}"}};
  harness lacking(settings);
  lacking.start();
  const auto verdict = lacking.machine.hold_room(1, "shop-9", 10s, lacking.at());
  EXPECT_EQ(verdict.error, join_error::refused);
  EXPECT_THAT(verdict.text, HasSubstr("{key}"));
  EXPECT_EQ(lacking.machine.rooms().of("shop-9").holders, 0u);
  EXPECT_EQ(lacking.machine.rooms().of("shop-1").state, room_state::refused);
}

TEST_F(held_rooms, tell_of_themselves_where_no_report_does) {
  h.start();
  EXPECT_EQ(h.rooms_told, 0);
  hold(1, "shop-9");
  EXPECT_EQ(h.rooms_told, 1);
  hold(2, "shop-9");
  EXPECT_EQ(h.rooms_told, 1);
  release(1, "shop-9");
  release(2, "shop-9");
  EXPECT_EQ(h.rooms_told, 1) << "it lingers";
  h.advance(30s);
  EXPECT_EQ(h.rooms_told, 2);
}

TEST_F(held_rooms, a_config_with_other_words_leaves_and_joins_all) {
  h.start();
  hold(1, "shop-9");
  options changed = plain_options();
  changed.rooms.payload = {{"roomId", "{room}"}};
  changed.rooms.declared = {"shop-1"};
  h.machine.reconfigure(changed, connection_use::keep, h.at());
  h.settle();
  EXPECT_EQ(h.count_sent(R"(42["leave_room",{"roomId":"shop-9","userId":7}])"), 1);
  EXPECT_EQ(h.count_sent(R"(42["join_room",{"roomId":"shop-9"}])"), 1);
  EXPECT_EQ(h.count_sent(R"(42["leave_room")"), 4) << "each once";
  EXPECT_THAT(h.rooms, UnorderedElementsAre("user-7", "shop-1", "shop-9"));
}

class answered_rooms : public held_rooms {
 protected:
  answered_rooms() {
    h.machine.reconfigure(answering_options(), connection_use::keep, h.at());
    h.start();
  }
  bool ack(std::uint64_t id, std::string_view arguments) {
    const bool room = h.machine.on_room_ack(id, arguments, h.at());
    h.settle();
    return room;
  }
  static constexpr std::uint64_t id_of_first = 0;
};

TEST_F(answered_rooms, are_joined_when_the_server_says_so) {
  const auto verdict = hold(1, "shop-9");
  EXPECT_EQ(h.sent.back(), R"(420["join_room",{"roomId":"shop-9","userId":7}])");
  EXPECT_EQ(verdict.state, room_state::joining);
  ASSERT_TRUE(verdict.waiter);
  EXPECT_THAT(h.joins, IsEmpty());
  EXPECT_FALSE(ack(77, R"({"ok":true})")) << "of something else";
  EXPECT_TRUE(ack(id_of_first, R"({"ok":true,"members":3})"));
  ASSERT_EQ(h.joins.size(), 1u);
  EXPECT_EQ(h.joins[0].waiter, verdict.waiter);
  EXPECT_EQ(h.joins[0].state, room_state::joined);
  EXPECT_EQ(h.rooms_told, 1);
  EXPECT_FALSE(ack(id_of_first, R"({"ok":false})")) << "twice";
  EXPECT_EQ(hold(2, "shop-9").state, room_state::joined);
}

TEST_F(answered_rooms, are_refused_in_the_servers_words) {
  h.token = "good";
  const auto verdict = hold(1, "shop-9");
  ASSERT_TRUE(verdict.waiter);
  EXPECT_TRUE(ack(id_of_first, R"({"ok":false,"message":"not your shop, good"})"));
  ASSERT_EQ(h.joins.size(), 1u);
  EXPECT_EQ(h.joins[0].state, room_state::refused);
  EXPECT_EQ(h.joins[0].text, R"(the server refused the room: "not your shop, [token]")");
  EXPECT_THAT(h.notes, Contains(HasSubstr("shop-9")));
  EXPECT_THAT(h.machine.rooms().all(), IsEmpty());
  EXPECT_FALSE(release(1, "shop-9")) << "it does not hold it";
}

TEST_F(answered_rooms, answers_of_any_shape_refuse_but_the_one) {
  std::uint64_t id = id_of_first;
  for (const std::string_view answer : {"", "true", "null", "[]", "{", R"({"ok":"yes"})", R"({"ok":null})", "\"ok\""}) {
    SCOPED_TRACE(answer);
    h.joins.clear();
    ASSERT_TRUE(hold(1, "shop-9").waiter);
    EXPECT_TRUE(ack(id++, answer));
    ASSERT_EQ(h.joins.size(), 1u);
    EXPECT_EQ(h.joins[0].state, room_state::refused);
  }
}

TEST_F(answered_rooms, may_be_joined_where_a_field_is_missing) {
  options settings = answering_options();
  settings.rooms.accepted = {{"error", ""}};
  h.machine.reconfigure(settings, connection_use::keep, h.at());
  h.settle();
  ASSERT_TRUE(hold(1, "shop-9").waiter);
  ASSERT_TRUE(hold(1, "shop-8").waiter);
  EXPECT_TRUE(ack(id_of_first, ""));
  EXPECT_TRUE(ack(id_of_first + 1, R"({"error":"no"})"));
  ASSERT_EQ(h.joins.size(), 2u);
  EXPECT_EQ(h.joins[0].state, room_state::joined);
  EXPECT_EQ(h.joins[1].state, room_state::refused);
}

TEST_F(answered_rooms, who_waits_hears_at_the_deadline_and_at_the_end) {
  ASSERT_TRUE(hold(1, "shop-9").waiter);
  h.advance(10s);
  ASSERT_EQ(h.joins.size(), 1u);
  EXPECT_EQ(h.joins[0].state, room_state::joining);
  ASSERT_TRUE(hold(2, "shop-9").waiter);
  h.lose(cause::connection_lost);
  ASSERT_EQ(h.joins.size(), 2u);
  EXPECT_EQ(h.joins[1].state, room_state::waiting);
  EXPECT_FALSE(ack(id_of_first, R"({"ok":true})")) << "of the last connection";
}

TEST_F(answered_rooms, that_the_server_does_not_answer_for_are_asked_for_again_and_told_of_once) {
  ASSERT_TRUE(hold(1, "shop-8").waiter);
  ASSERT_TRUE(hold(1, "shop-9").waiter);
  h.advance(10s);
  EXPECT_THAT(h.notes, ElementsAre(AllOf(HasSubstr("has not answered for 10 s"), HasSubstr("\"shop-8\" (and 1 more)"),
                                         HasSubstr("rooms.accepted"))));
  ASSERT_EQ(h.joins.size(), 2u) << "who asked is told so";
  EXPECT_EQ(h.joins[0].state, room_state::joining);
  EXPECT_EQ(h.count_sent(R"(422["join_room",{"roomId":"shop-8")"), 1);
  EXPECT_FALSE(ack(0, R"({"ok":true})")) << "of the first question";
  EXPECT_TRUE(ack(2, R"({"ok":true})"));
  EXPECT_EQ(h.machine.rooms().of("shop-8").state, room_state::joined);
  h.advance(20s);
  EXPECT_EQ(h.notes.size(), 1u);
  EXPECT_TRUE(ack(4, R"({"ok":true})"));
  EXPECT_EQ(h.machine.rooms().of("shop-9").state, room_state::joined);
  const auto before = h.sent.size();
  h.advance(10s);
  EXPECT_EQ(h.sent.size(), before);
}

TEST_F(answered_rooms, the_same_room_is_asked_for_once_by_many) {
  ASSERT_TRUE(hold(1, "shop-9").waiter);
  ASSERT_TRUE(hold(2, "shop-9").waiter);
  EXPECT_EQ(h.count_sent("42"), 2) << "the authentication and one join";
  EXPECT_TRUE(ack(id_of_first, R"({"ok":false})"));
  EXPECT_EQ(h.joins.size(), 2u);
  EXPECT_THAT(h.machine.rooms().all(), IsEmpty());
}

}  // namespace
}  // namespace roombridge::upstream
