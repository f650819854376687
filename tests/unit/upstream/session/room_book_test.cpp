// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/room_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr room_book::time_point start{};

class rooms : public testing::Test {
 protected:
  // What a server does that gives no answers.
  void join_all() {
    for (const auto& room : book.to_join()) book.asked(room, std::nullopt, {start});
  }
  [[nodiscard]] room_state state_of(const std::string& room) const { return book.of(room).state; }

  room_book book;
};

TEST_F(rooms, fixed_ones_come_in_their_order_and_others_by_name) {
  book.set_fixed({"user-3", "b", "a"});
  ASSERT_TRUE(book.hold(1, "z") && book.hold(1, "c") && book.hold(1, "a"));
  EXPECT_THAT(book.to_join(), ElementsAre("user-3", "b", "a", "c", "z"));
  join_all();
  EXPECT_THAT(book.to_join(), IsEmpty());
  EXPECT_EQ(book.count(), 5u);
  const auto shared = book.of("a");
  EXPECT_TRUE(shared.fixed);
  EXPECT_EQ(shared.holders, 1u);
}

TEST_F(rooms, a_fixed_one_stays_when_its_holder_goes) {
  book.set_fixed({"a"});
  ASSERT_TRUE(book.hold(1, "a"));
  join_all();
  book.release(1, "a", start, 0ms);
  EXPECT_THAT(book.to_leave(), IsEmpty());
  book.set_fixed({});
  EXPECT_THAT(book.to_leave(), ElementsAre("a"));
  EXPECT_THAT(book.to_leave(), IsEmpty()) << "named once";
  EXPECT_EQ(book.count(), 0u);
}

TEST_F(rooms, are_left_when_they_have_lingered) {
  ASSERT_TRUE(book.hold(1, "a"));
  join_all();
  book.release(1, "a", start, 30s);
  EXPECT_THAT(book.to_leave(), IsEmpty());
  EXPECT_EQ(book.next_deadline(), start + 30s);
  ASSERT_TRUE(book.hold(2, "a"));
  EXPECT_THAT(book.to_join(), IsEmpty()) << "it is still joined";
  book.release(2, "a", start + 1s, 30s);
  (void)book.expire(start + 31s);
  EXPECT_THAT(book.to_leave(), ElementsAre("a"));
}

TEST_F(rooms, that_were_not_asked_for_do_not_linger) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.release(1, "a", start, 30s);
  EXPECT_FALSE(book.next_deadline());
  EXPECT_THAT(book.all(), IsEmpty());
}

TEST_F(rooms, an_acknowledgement_decides_and_is_waited_for) {
  ASSERT_TRUE(book.hold(1, "a"));
  EXPECT_FALSE(book.wait(1, "a", start + 10s)) << "it waits for a session: nothing to wait for here";
  book.asked("a", 7, {start});
  EXPECT_EQ(state_of("a"), room_state::joining);
  const auto waiter = book.wait(1, "a", start + 10s);
  ASSERT_TRUE(waiter);
  EXPECT_THAT(book.take_answers(), IsEmpty());
  EXPECT_EQ(book.of_ack(8), nullptr);
  ASSERT_NE(book.of_ack(7), nullptr);
  book.confirm("a", {start});
  EXPECT_EQ(book.of_ack(7), nullptr) << "it has done its work";
  const auto answers = book.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].waiter, *waiter);
  EXPECT_EQ(answers[0].state, room_state::joined);
  EXPECT_THAT(book.take_answers(), IsEmpty());
}

TEST_F(rooms, what_is_refused_to_one_who_waits_he_does_not_hold) {
  ASSERT_TRUE(book.hold(1, "a") && book.hold(2, "a"));
  book.asked("a", 7, {start});
  ASSERT_TRUE(book.wait(1, "a", start + 10s));
  book.refuse("a", "not yours", {start});
  const auto answers = book.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].state, room_state::refused);
  EXPECT_EQ(answers[0].text, "not yours");
  EXPECT_EQ(book.of("a").holders, 1u) << "the other one had been told another thing before";
  EXPECT_THAT(book.to_leave(), IsEmpty()) << "the server has not put us in";
  EXPECT_THAT(book.to_join(), IsEmpty()) << "not again of its own accord";
  book.release(2, "a", start, 30s);
  EXPECT_THAT(book.all(), IsEmpty());
  EXPECT_EQ(state_of("a"), room_state::waiting) << "nothing is left of it";
}

TEST_F(rooms, that_was_refused_is_asked_for_when_somebody_wants_it_anew_or_a_session_begins) {
  book.set_fixed({"a"});
  book.asked("a", 7, {start});
  book.refuse("a", "not yours", {start});
  EXPECT_EQ(book.of("a").text, "not yours");
  ASSERT_TRUE(book.hold(1, "a"));
  EXPECT_THAT(book.to_join(), ElementsAre("a"));
  book.asked("a", 8, {start});
  book.refuse("a", "still not", {start});
  book.ask_again();
  EXPECT_THAT(book.to_join(), ElementsAre("a"));
}

TEST_F(rooms, who_waits_is_answered_at_the_deadline_and_the_room_still_joins) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  ASSERT_TRUE(book.wait(1, "a", start + 10s));
  EXPECT_EQ(book.next_deadline(), start + 10s);
  (void)book.expire(start + 10s - 1ms);
  EXPECT_THAT(book.take_answers(), IsEmpty());
  (void)book.expire(start + 10s);
  const auto answers = book.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].state, room_state::joining);
  book.confirm("a", {start});
  EXPECT_EQ(state_of("a"), room_state::joined);
}

TEST_F(rooms, who_lets_go_is_answered_though_nothing_has_come) {
  ASSERT_TRUE(book.hold(1, "a") && book.hold(2, "a"));
  book.asked("a", 7, {start});
  const auto first = book.wait(1, "a", start + 10s);
  ASSERT_TRUE(first && book.wait(2, "a", start + 10s));
  book.release(1, "a", start, 30s);
  const auto answers = book.take_answers();
  ASSERT_EQ(answers.size(), 1u) << "the other one still waits";
  EXPECT_EQ(answers[0].waiter, *first);
}

TEST_F(rooms, the_end_of_a_session_answers_whoever_waits) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  ASSERT_TRUE(book.wait(1, "a", start + 10s));
  book.end_session();
  const auto answers = book.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].state, room_state::waiting);
  EXPECT_EQ(book.of_ack(7), nullptr) << "an answer of the last session decides nothing";
  EXPECT_THAT(book.to_join(), ElementsAre("a"));
}

TEST_F(rooms, another_authentication_keeps_who_waits) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  ASSERT_TRUE(book.wait(1, "a", start + 10s));
  book.ask_again();
  book.asked("a", 8, {start});
  EXPECT_EQ(book.of_ack(7), nullptr);
  EXPECT_THAT(book.take_answers(), IsEmpty());
  book.confirm("a", {start});
  EXPECT_EQ(book.take_answers().size(), 1u);
}

TEST_F(rooms, that_nobody_wants_any_more_are_left_in_the_next_session_over_the_same_connection) {
  ASSERT_TRUE(book.hold(1, "a") && book.hold(1, "b"));
  join_all();
  book.release(1, "b", start, 30s);
  book.end_session();
  book.release(1, "a", start, 30s);
  EXPECT_THAT(book.all(), IsEmpty());
  EXPECT_THAT(book.to_leave(), ElementsAre("a", "b"));
}

TEST_F(rooms, a_new_connection_has_nothing_to_leave) {
  ASSERT_TRUE(book.hold(1, "a"));
  join_all();
  book.end_session();
  book.release(1, "a", start, 30s);
  book.forget_presence();
  EXPECT_THAT(book.to_leave(), IsEmpty());
}

TEST_F(rooms, all_can_be_left_to_be_asked_for_in_other_words) {
  book.set_fixed({"b"});
  ASSERT_TRUE(book.hold(1, "a"));
  join_all();
  EXPECT_THAT(book.leave_all(), ElementsAre("a", "b"));
  EXPECT_THAT(book.to_join(), ElementsAre("b", "a"));
}

TEST_F(rooms, tell_when_the_joined_ones_have_changed) {
  EXPECT_FALSE(book.take_changed());
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  EXPECT_FALSE(book.take_changed()) << "asked for only";
  book.confirm("a", {start});
  EXPECT_TRUE(book.take_changed());
  EXPECT_FALSE(book.take_changed());
  book.release(1, "a", start, 0ms);
  ASSERT_THAT(book.to_leave(), ElementsAre("a"));
  EXPECT_TRUE(book.take_changed());
}

TEST_F(rooms, that_the_server_does_not_answer_for_are_asked_for_again_ever_more_seldom) {
  const auto wall = std::chrono::system_clock::time_point(std::chrono::hours(1));
  const auto at = [&](std::chrono::seconds time) { return moment{start + time, 0, wall + time}; };
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, at(0s));
  EXPECT_EQ(book.next_deadline(), start + 10s);
  EXPECT_THAT(book.expire(start + 10s - 1ms), IsEmpty());
  EXPECT_THAT(book.expire(start + 10s), ElementsAre("a")) << "which is told";
  std::uint64_t ack = 7;
  auto now = 10s;
  for (const auto patience : {20s, 40s, 80s, 160s, 300s, 300s}) {
    EXPECT_THAT(book.to_join(), ElementsAre("a"));
    book.asked("a", ++ack, at(now));
    EXPECT_EQ(book.of_ack(ack - 1), nullptr) << "the last question counts";
    EXPECT_THAT(book.to_join(), IsEmpty());
    EXPECT_EQ(state_of("a"), room_state::joining);
    EXPECT_EQ(book.of("a").text, "the server has not answered; it was asked again");
    EXPECT_EQ(book.of("a").since, wall) << "since it was first asked";
    now += patience;
    EXPECT_EQ(book.next_deadline(), start + now);
    EXPECT_THAT(book.expire(start + now), IsEmpty()) << "told once";
  }
  book.confirm("a", at(now));
  EXPECT_EQ(book.of("a").since, wall + now);
  EXPECT_EQ(book.of("a").text, "");
  EXPECT_THAT(book.to_join(), IsEmpty());
  EXPECT_FALSE(book.next_deadline());
}

TEST_F(rooms, that_the_server_does_not_answer_for_can_be_let_go_of) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  EXPECT_THAT(book.expire(start + 10s), ElementsAre("a"));
  book.release(1, "a", start + 10s, 0ms);
  EXPECT_THAT(book.to_leave(), ElementsAre("a")) << "it may have put us in";
  EXPECT_THAT(book.all(), IsEmpty());
  EXPECT_FALSE(book.next_deadline());
}

TEST_F(rooms, so_many_may_wait_and_no_more) {
  ASSERT_TRUE(book.hold(1, "a"));
  book.asked("a", 7, {start});
  for (std::size_t i = 0; i < room_book::max_waiters; ++i) ASSERT_TRUE(book.wait(1, "a", start + 10s));
  EXPECT_FALSE(book.wait(1, "a", start + 10s));
  book.confirm("a", {start});
  EXPECT_EQ(book.take_answers().size(), room_book::max_waiters);
}

}  // namespace
}  // namespace roombridge::upstream
