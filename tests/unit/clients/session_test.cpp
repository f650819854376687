// SPDX-License-Identifier: MIT
#include <roombridge/session.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <roombridge/proto/messages.hpp>

#include "scripted_daemon.hpp"

namespace roombridge::test {
namespace {

using proto::frame_type;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string epoch = "8c0d3a5b7e9f1024";

std::string ok(request_id id) {
  return proto::encode(proto::result{id, {}, {}, {}});
}
std::string refused(request_id id, error_code code, std::string text) {
  return proto::encode(proto::result{id, proto::make_error(code, std::move(text)), {}, {}});
}
std::string one_event(std::uint64_t seq) {
  return proto::encode(proto::event{seq, 1, "e", {}, {}, false});
}

// A session and its clock; what it writes is looked at frame by frame.
class a_session : public testing::Test {
 protected:
  explicit a_session(session_options options = {.name = "test", .subscriber = "till", .inbox_limit = 4000})
      : session_(std::move(options)) {}

  void say(const std::string& frames) { session_.receive(std::as_bytes(std::span{frames}), now_); }
  void hang_up() { session_.receive_end("it was closed", now_); }
  void come() {
    session_.begin(now_);
    say(welcome_frame());
  }
  std::vector<std::string> written() {
    proto::frame_decoder decoder;
    decoder.feed(std::as_bytes(std::span{session_.output()}));
    std::vector<std::string> out;
    while (const auto frame = decoder.next()) {
      out.push_back(std::string{proto::to_string(frame->type)} + ' ' + std::string{frame->head});
    }
    if (session_.is_open()) session_.sent(session_.output().size());
    return out;
  }
  std::vector<message> taken() {
    std::vector<message> out;
    while (auto got = session_.next()) out.push_back(*std::move(got));
    return out;
  }
  // Connected, subscribed as 1, and with nothing left to be read or written.
  void be_at_work() {
    come();
    ASSERT_TRUE(session_.subscribe({{"e"}, {}}));
    say(ok(1) + proto::encode(live{1042}));
    (void)taken();
    (void)written();
  }
  // More events than the inbox holds come before an answer.
  void flood() {
    const auto request = *session_.call("status");
    session_.await(request);
    for (std::uint64_t seq = 1043; seq < 1143; ++seq) say(one_event(seq));
    say(ok(request));
  }
  void fail() { session_.attempt_failed({failure_kind::unreachable, "nobody there", {}}, true, now_); }

  session::time_point now_{seconds{1000}};
  session session_;
};

TEST_F(a_session, wants_to_connect_at_once) {
  EXPECT_TRUE(session_.attempt_is_due(session::time_point{}));
  session_.begin(now_);
  EXPECT_FALSE(session_.attempt_is_due(now_));
  EXPECT_TRUE(session_.is_open() && !session_.is_connected());
}

TEST_F(a_session, what_is_wanted_before_there_is_a_connection_is_asked_for_by_the_first) {
  EXPECT_EQ(*session_.subscribe({{"a"}, {}}, {.snapshot = true}), 1u);
  EXPECT_EQ(*session_.subscribe({{"b"}, {}}), 2u);
  EXPECT_EQ(*session_.join("shop-7"), 3u);
  ASSERT_TRUE(session_.replace(2, {{"c"}, {}}));
  EXPECT_EQ(session_.subscribe({{""}, {}}).error().kind, failure_kind::invalid_argument);
  come();
  EXPECT_THAT(written(),
              ElementsAre(HasSubstr("HELLO"), R"(SUBSCRIBE {"id":5,"events":["a"],"snapshot":true,"more":true})",
                          R"(SUBSCRIBE {"id":6,"events":["c"]})", R"(JOIN {"id":7,"room":"shop-7"})"));
  say(ok(5) + ok(6) + ok(7));
  EXPECT_THAT(taken(), SizeIs(1)) << "WELCOME, and no answer to what the program did not ask just now";
}

TEST_F(a_session, goes_on_behind_what_came_and_not_what_was_taken) {
  be_at_work();
  say(one_event(1043) + one_event(1044));
  EXPECT_TRUE(session_.next());
  hang_up();
  come();
  EXPECT_THAT(written().at(1), HasSubstr(R"("since":{"epoch":"8c0d3a5b7e9f1024","seq":1044})"));
  EXPECT_EQ(session_.position().seq, 1043u);
  const auto rest = taken();
  ASSERT_THAT(rest, SizeIs(3));
  EXPECT_EQ(std::get<event>(rest[0]).seq, 1044u);
  EXPECT_TRUE(std::holds_alternative<closed>(rest[1]) && std::holds_alternative<welcome>(rest[2]));
}

TEST_F(a_session, asks_again_for_a_snapshot_that_was_cut_short) {
  ASSERT_TRUE(session_.subscribe({}, {.snapshot = true}));
  come();
  say(ok(2));
  hang_up();
  (void)written();
  come();
  EXPECT_THAT(written().at(1), HasSubstr(R"("snapshot":true)"));
  say(ok(3) + proto::encode(live{1042}));
  hang_up();
  come();
  EXPECT_THAT(written().at(1), testing::Not(HasSubstr("snapshot")));
}

TEST_F(a_session, a_replacement_that_the_end_cut_short_is_what_is_asked_for_next) {
  be_at_work();
  ASSERT_TRUE(session_.replace(1, {{"other"}, {}}));
  hang_up();
  come();
  EXPECT_THAT(written().at(1), HasSubstr(R"("events":["other"])"));
}

TEST_F(a_session, what_is_left_is_not_asked_for_again) {
  be_at_work();
  ASSERT_TRUE(session_.join("shop-7"));
  ASSERT_TRUE(session_.leave("shop-7"));
  ASSERT_TRUE(session_.unsubscribe(1));
  hang_up();
  come();
  EXPECT_THAT(written(), SizeIs(1));
}

TEST_F(a_session, a_refusal_by_a_new_connection_names_what_the_program_knows) {
  be_at_work();
  ASSERT_TRUE(session_.join("shop-7"));
  hang_up();
  come();
  (void)taken();
  say(refused(3, error_code::not_permitted, "not yours") + refused(4, error_code::not_permitted, "nor that"));
  const auto told = taken();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(std::get<protocol_error>(told[0]).subscription, 1u);
  EXPECT_EQ(std::get<protocol_error>(told[0]).info.text, "not yours");
  EXPECT_EQ(std::get<protocol_error>(told[1]).room, "shop-7");
  hang_up();
  come();
  EXPECT_THAT(written(), SizeIs(3)) << "it may be granted another time";
}

TEST_F(a_session, a_revoked_subscription_has_the_id_that_the_program_knows) {
  be_at_work();
  hang_up();
  come();
  (void)taken();
  say(ok(2) + proto::encode(proto::error{proto::make_error(error_code::revoked, "no more"), false, 2}));
  EXPECT_EQ(std::get<protocol_error>(taken().at(0)).subscription, 1u);
}

TEST_F(a_session, attempts_lie_further_and_further_apart_up_to_a_cap_and_not_in_step) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    fail();
    const auto delay = std::chrono::duration_cast<milliseconds>(*session_.due() - now_);
    EXPECT_LE(delay, seconds{5});
    EXPECT_GE(delay, attempt > 6 ? milliseconds{2500} : milliseconds{125});
    now_ = *session_.due();
    EXPECT_TRUE(session_.attempt_is_due(now_));
  }
  session other{{.seed = 2}};
  session same{{.seed = 1}};
  fail();
  other.attempt_failed({failure_kind::unreachable, "nobody there", {}}, true, now_);
  same.attempt_failed({failure_kind::unreachable, "nobody there", {}}, true, now_);
  EXPECT_NE(other.due(), same.due());
}

TEST_F(a_session, delays_begin_anew_after_a_connection_that_held) {
  for (int attempt = 0; attempt < 10; ++attempt) fail();
  come();
  now_ += seconds{6};
  hang_up();
  EXPECT_LE(*session_.due() - now_, milliseconds{250});
  for (int attempt = 0; attempt < 10; ++attempt) fail();
  come();
  hang_up();
  EXPECT_GE(*session_.due() - now_, milliseconds{2500}) << "this one did not";
}

TEST_F(a_session, tells_once_why_attempt_after_attempt_fails) {
  for (int attempt = 0; attempt < 5; ++attempt) fail();
  const auto told = taken();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(std::get<closed>(told[0]).why.text, "nobody there");
  EXPECT_TRUE(std::get<closed>(told[0]).retry_in);
  session_.attempt_failed({failure_kind::not_permitted, "not yours", {}}, true, now_);
  EXPECT_THAT(taken(), SizeIs(1)) << "that is another reason";
  come();
  hang_up();
  fail();
  EXPECT_THAT(taken(), SizeIs(3)) << "WELCOME, the end, and then nobody there";
}

TEST_F(a_session, gives_up_a_daemon_that_does_not_greet) {
  session_.begin(now_);
  EXPECT_EQ(session_.due(), now_ + seconds{5});
  now_ += seconds{5};
  session_.tick(now_);
  EXPECT_FALSE(session_.is_open());
  const auto end = std::get<closed>(taken().at(0));
  EXPECT_EQ(end.why.kind, failure_kind::timeout);
  EXPECT_THAT(end.why.text, HasSubstr("did not answer HELLO within 5000 ms"));
  EXPECT_TRUE(session_.due());
}

TEST_F(a_session, ends_for_good_when_coming_back_makes_no_sense) {
  be_at_work();
  say(proto::encode(bye{"protocol_error", "x", false}));
  hang_up();
  EXPECT_TRUE(session_.is_over());
  EXPECT_FALSE(session_.due());
  EXPECT_FALSE(std::get<closed>(taken().at(1)).retry_in);
  EXPECT_THAT(session_.call("status").error().text, HasSubstr("protocol_error"));
}

TEST_F(a_session, acks_of_a_short_time_are_one_frame) {
  be_at_work();
  for (std::uint64_t seq = 1043; seq <= 1060; ++seq) {
    say(one_event(seq));
    EXPECT_TRUE(session_.next());
    EXPECT_FALSE(session_.ack());
    session_.tick(now_);
  }
  EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("seq":1043})")));
  EXPECT_EQ(session_.due(), now_ + milliseconds{10});
  now_ += milliseconds{10};
  session_.tick(now_);
  EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("seq":1060})")));
  EXPECT_FALSE(session_.due());
  say(ok(2) + ok(3));
  EXPECT_THAT(taken(), IsEmpty()) << "nobody waits for these answers";
}

// A slow program with a backlog: what it has handled is told though thousands of events stand before the answers.
TEST_F(a_session, acks_do_not_wait_for_the_answers_to_others_but_their_number_is_bounded) {
  be_at_work();
  std::size_t sent = 0;
  for (std::uint64_t seq = 1043; seq < 1743; ++seq) {
    EXPECT_FALSE(session_.ack(log_position{epoch, seq}));
    now_ += seconds{1};
    session_.tick(now_);
    sent += written().size();
  }
  EXPECT_EQ(sent, 128u);
  say(ok(2));
  session_.tick(now_);
  EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("seq":1742})")));
}

TEST_F(a_session, an_ack_never_moves_backwards_and_is_not_repeated) {
  be_at_work();
  for (const std::uint64_t seq : {1042u, 1040u, 1042u}) {
    EXPECT_FALSE(session_.ack(log_position{epoch, seq}));
    now_ += seconds{1};
    session_.tick(now_);
  }
  EXPECT_THAT(written(), SizeIs(1));
}

TEST_F(a_session, an_ack_that_the_end_overtook_goes_over_the_next_connection) {
  be_at_work();
  EXPECT_FALSE(session_.ack());
  session_.tick(now_);
  hang_up();
  EXPECT_FALSE(session_.ack(log_position{epoch, 1041}));
  come();
  (void)written();
  session_.tick(now_ + seconds{1});
  EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("seq":1042})")));
}

TEST_F(a_session, a_refused_ack_is_told) {
  be_at_work();
  EXPECT_FALSE(session_.ack());
  session_.tick(now_);
  say(refused(2, error_code::bad_request, "ahead of it"));
  EXPECT_EQ(std::get<answer>(taken().at(0)).error->text, "ahead of it");
}

TEST_F(a_session, the_last_ack_is_due_when_the_program_ends) {
  be_at_work();
  for (const std::uint64_t seq : {1041u, 1042u}) {
    EXPECT_FALSE(session_.ack(log_position{epoch, seq}));
    session_.tick(now_);
  }
  session_.finish();
  EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("seq":1041})"), HasSubstr(R"("seq":1042})")));
}

TEST_F(a_session, acknowledges_only_where_that_means_something) {
  session nameless{{}};
  EXPECT_THAT(nameless.ack()->text, HasSubstr("`subscriber`"));
  EXPECT_THAT(session_.ack(log_position{epoch, 1})->text, HasSubstr("before the first subscription"));
  be_at_work();
  EXPECT_EQ(session_.ack(log_position{"here", 1})->kind, failure_kind::invalid_argument);
}

class a_session_of_one_connection : public a_session {
 protected:
  a_session_of_one_connection() : a_session({.subscriber = "till", .reconnect = false, .inbox_limit = 4000}) {}
};

TEST_F(a_session_of_one_connection, wants_no_bytes_while_its_inbox_is_full) {
  be_at_work();
  std::uint64_t seq = 1043;
  while (session_.wants_bytes()) say(one_event(seq++));
  EXPECT_LT(seq, 1060u) << "of 4000 bytes";
  EXPECT_TRUE(session_.next());
  EXPECT_TRUE(session_.wants_bytes());
  EXPECT_FALSE(session_.wants_renewal());
}

TEST_F(a_session_of_one_connection, remembers_nothing_without_it) {
  EXPECT_FALSE(session_.due());
  EXPECT_EQ(session_.subscribe({}).error().kind, failure_kind::not_connected);
  EXPECT_EQ(session_.join("shop-7").error().kind, failure_kind::not_connected);
  be_at_work();
  hang_up();
  EXPECT_TRUE(session_.is_over());
  EXPECT_EQ(session_.call("status").error().kind, failure_kind::not_connected);
}

TEST_F(a_session, a_full_inbox_wants_bytes_for_an_answer_only) {
  be_at_work();
  std::uint64_t seq = 1043;
  while (session_.wants_bytes()) say(one_event(seq++));
  EXPECT_FALSE(session_.inbox_bars_answers());
  session_.await(*session_.call("status"));
  EXPECT_TRUE(session_.wants_bytes());
  say(one_event(seq) + one_event(seq + 1) + ok(2));
  EXPECT_EQ(taken().size(), seq - 1043);
  EXPECT_TRUE(session_.wants_renewal());
}

TEST_F(a_session, what_the_inbox_does_not_hold_is_asked_for_again_when_the_rest_is_taken) {
  be_at_work();
  const auto call = *session_.call("status");
  session_.await(call);
  for (std::uint64_t seq = 1043; seq < 1143; ++seq) {
    ASSERT_TRUE(session_.wants_bytes()) << "the answer stands behind the events";
    say(one_event(seq));
  }
  say(ok(call));
  EXPECT_TRUE(session_.take_answer());
  EXPECT_FALSE(session_.wants_renewal()) << "there is something to be taken";
  const auto kept = taken();
  EXPECT_LT(kept.size(), 20u) << "of 4000 bytes";
  const auto last = std::get<event>(kept.back()).seq;
  EXPECT_EQ(last, 1042 + kept.size());
  ASSERT_TRUE(session_.wants_renewal());
  EXPECT_FALSE(session_.ack());
  session_.renew(now_);
  EXPECT_FALSE(session_.is_connected() || session_.wants_renewal());
  EXPECT_THAT(written().back(), HasSubstr("\"seq\":" + std::to_string(last) + "}"));
  say(one_event(1143) + proto::encode(status{}));
  hang_up();
  EXPECT_TRUE(session_.attempt_is_due(now_)) << "without a delay";
  come();
  EXPECT_THAT(written().at(1), HasSubstr("\"seq\":" + std::to_string(last) + "}}"));
  say(one_event(last + 1));
  const auto rest = taken();
  ASSERT_THAT(rest, SizeIs(1)) << "and no message tells of it";
  EXPECT_EQ(std::get<event>(rest[0]).seq, last + 1);
}

TEST_F(a_session, a_renewal_waits_for_the_answers_that_are_to_come) {
  be_at_work();
  const auto call = *session_.call("status");
  flood();
  (void)taken();
  EXPECT_FALSE(session_.wants_renewal());
  say(ok(call));
  EXPECT_THAT(taken(), SizeIs(1));
  EXPECT_TRUE(session_.wants_renewal());
}

TEST_F(a_session, a_renewal_that_finds_no_daemon_is_an_end_like_any_other) {
  be_at_work();
  flood();
  (void)taken();
  session_.renew(now_);
  now_ += seconds{5};
  session_.tick(now_);
  EXPECT_THAT(std::get<closed>(taken().at(0)).why.text, HasSubstr("did not end a connection that was to be renewed"));
  come();
  EXPECT_TRUE(std::holds_alternative<welcome>(taken().at(0)));
  say(ok(3));
  flood();
  (void)taken();
  session_.renew(now_);
  hang_up();
  fail();
  EXPECT_THAT(taken(), SizeIs(1));
}

TEST_F(a_session, a_snapshot_is_kept_whole) {
  ASSERT_TRUE(session_.subscribe({}, {.snapshot = true}));
  come();
  say(ok(2));
  for (std::uint64_t seq = 1; seq < 100; ++seq) {
    say(proto::encode(proto::event{seq, 1, "e", {}, {}, false, true}));
  }
  EXPECT_TRUE(session_.inbox_bars_answers());
  EXPECT_THAT(taken(), SizeIs(100));
  EXPECT_FALSE(session_.wants_renewal());
}

TEST_F(a_session, an_awaited_answer_is_no_message_and_ends_with_its_connection) {
  be_at_work();
  session_.await(*session_.call("status"));
  say(one_event(1043) + ok(2));
  EXPECT_EQ(session_.take_answer()->id, 2u);
  EXPECT_THAT(taken(), SizeIs(1));
  session_.await(*session_.call("status"));
  hang_up();
  EXPECT_FALSE(session_.is_awaiting() || session_.take_answer());
}

// WELCOME is a message, too: a program that stores its position, or acknowledges, after each one does so here.
TEST_F(a_session, has_passed_over_nothing_before_its_first_subscription_is_granted) {
  ASSERT_TRUE(session_.subscribe({{"e"}, {}}, {.since = log_position{epoch, 900}}));
  EXPECT_FALSE(session_.ack()) << "there is nothing to acknowledge yet, which is no fault";
  come();
  ASSERT_THAT(taken(), SizeIs(1));
  EXPECT_EQ(session_.position().seq, 900u);
  EXPECT_FALSE(session_.ack());
  (void)written();
  hang_up();
  (void)taken();
  EXPECT_FALSE(session_.ack());
  EXPECT_EQ(session_.position().seq, 900u);
  come();
  EXPECT_THAT(written().at(1), HasSubstr(R"("seq":900})"));
  say(ok(3));
  session_.tick(now_ + seconds{1});
  EXPECT_THAT(written(), IsEmpty()) << "of what was never handed out";
}

TEST_F(a_session, begins_where_the_daemon_has_its_subscriber) {
  ASSERT_TRUE(session_.subscribe({{"e"}, {}}));
  session_.begin(now_);
  proto::welcome greeting;
  greeting.epoch = epoch;
  greeting.newest = 1042;
  greeting.position = log_position{epoch, 950};
  say(proto::encode(greeting));
  (void)taken();
  EXPECT_EQ(session_.position().seq, 950u);
}

TEST_F(a_session, an_end_before_the_grant_leaves_the_position_that_was_asked_for) {
  come();
  ASSERT_TRUE(session_.subscribe({{"e"}, {}}, {.since = log_position{epoch, 900}}));
  hang_up();
  (void)taken();
  EXPECT_EQ(session_.position().seq, 900u);
}

TEST_F(a_session, a_refusal_of_the_first_subscription_takes_no_position_from_the_others) {
  be_at_work();
  ASSERT_TRUE(session_.subscribe({{"f"}, {}}));
  say(ok(2));
  (void)taken();
  say(one_event(1043));
  hang_up();
  come();
  (void)written();
  say(refused(3, error_code::not_permitted, "not yours") + ok(4) + proto::encode(live{2000}) + one_event(2001));
  const auto told = taken();
  ASSERT_THAT(told, SizeIs(4)) << "the event, the end, WELCOME and the refusal, and nothing from another place";
  EXPECT_EQ(std::get<protocol_error>(told[3]).subscription, 1u);
  EXPECT_EQ(session_.position().seq, 1043u);
  ASSERT_TRUE(session_.wants_renewal());
  session_.renew(now_);
  hang_up();
  come();
  const auto asked = written();
  ASSERT_THAT(asked, SizeIs(3));
  EXPECT_THAT(asked[1], testing::AllOf(HasSubstr(R"("events":["f"])"), HasSubstr(R"("seq":1043})"), HasSubstr("more")));
  EXPECT_THAT(asked[2], R"(SUBSCRIBE {"id":6,"events":["e"]})");
  say(ok(5) + refused(6, error_code::not_permitted, "not yours") + one_event(1044));
  const auto rest = taken();
  ASSERT_THAT(rest, SizeIs(1)) << "the refusal has been told";
  EXPECT_EQ(std::get<event>(rest[0]).seq, 1044u);
  EXPECT_FALSE(session_.wants_renewal());
}

TEST_F(a_session, begins_where_it_was_asked_to_though_that_request_is_refused) {
  come();
  ASSERT_TRUE(session_.subscribe({{"a"}, {}}, {.since = log_position{epoch, 900}, .more = true}));
  ASSERT_TRUE(session_.subscribe({{"b"}, {}}));
  (void)taken();
  say(refused(1, error_code::not_permitted, "not yours") + ok(2) + one_event(1043));
  ASSERT_THAT(taken(), SizeIs(2)) << "the two answers";
  ASSERT_TRUE(session_.wants_renewal());
  session_.renew(now_);
  hang_up();
  (void)written();
  come();
  EXPECT_THAT(written().at(1), testing::AllOf(HasSubstr(R"("events":["b"])"), HasSubstr(R"("seq":900})")));
}

TEST_F(a_session, is_not_renewed_on_and_on_when_everything_is_refused) {
  be_at_work();
  ASSERT_TRUE(session_.subscribe({{"f"}, {}}));
  say(ok(2));
  hang_up();
  come();
  say(refused(3, error_code::not_permitted, "not yours") + refused(4, error_code::not_permitted, "nor that"));
  (void)taken();
  EXPECT_FALSE(session_.wants_renewal());
}

TEST_F(a_session, another_subscription_still_follows_on_a_new_connection) {
  come();
  ASSERT_TRUE(session_.subscribe({{"a"}, {}}, {.since = log_position{epoch, 900}, .more = true}));
  say(ok(1));
  hang_up();
  (void)written();
  come();
  EXPECT_THAT(written().at(1), HasSubstr(R"("more":true)"));
  say(ok(2));
  ASSERT_TRUE(session_.subscribe({{"b"}, {}}));
  say(ok(3));
  (void)written();
  hang_up();
  come();
  EXPECT_THAT(written().at(2), testing::Not(HasSubstr("more")));
}

TEST_F(a_session, a_refused_second_join_leaves_a_held_room_held) {
  be_at_work();
  ASSERT_TRUE(session_.join("shop-7"));
  say(ok(2));
  ASSERT_TRUE(session_.join("shop-7"));
  say(refused(3, error_code::not_permitted, "too many"));
  hang_up();
  come();
  EXPECT_THAT(written(), SizeIs(3)) << "HELLO, SUBSCRIBE and JOIN";
}

TEST_F(a_session, reads_welcome_though_its_inbox_is_full) {
  be_at_work();
  std::uint64_t seq = 1043;
  while (session_.wants_bytes()) say(one_event(seq++));
  hang_up();
  session_.begin(now_);
  EXPECT_TRUE(session_.wants_bytes());
  say(welcome_frame());
  EXPECT_FALSE(session_.wants_bytes());
}

}  // namespace
}  // namespace roombridge::test
