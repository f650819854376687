// SPDX-License-Identifier: MIT
// Replays that begin further back than memory reaches.
#include <unistd.h>

#include <deque>

#include "replay_fixture.hpp"

namespace roombridge::local {
namespace {

TEST_F(replays, come_from_the_disk_and_go_on_in_memory) {
  append_many(100);
  ASSERT_GT(events_->first(), 50u);
  auto client = back(since(5));
  EXPECT_EQ(rest(client), strings{});
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(6, 100), {"live 100"}));
  append_many(3);
  run();
  EXPECT_EQ(rest(client), (strings{"101", "103"}));
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, say_that_the_oldest_of_the_disk_is_the_first) {
  append_many(100);
  disk_->erase_until(10);
  auto client = welcomed();
  client.send_message(since(12));
  run();
  EXPECT_EQ(*client.expect<proto::result>().resumption,
            (proto::resumption{.complete = true, .first = 11, .newest = 100}));
  auto late = back(since(5), false);
  answer_all();
  EXPECT_EQ(rest(late), joined({"gap 6-10 expired"}, joined(odd(11, 100), {"live 100"})));
}

TEST_F(replays, of_what_memory_has_ask_no_disk) {
  append_many(100);
  auto client = back(since(98));
  EXPECT_EQ(rest(client), (strings{"99", "live 100"}));
  auto fresh = subscribed({"a"});
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, take_over_where_the_disk_ends_while_events_come) {
  append_many(100);
  disk_->most_records = 30;
  auto client = back(since(0));
  for (int turn = 0; disk_->requests() > 0; ++turn) {
    append_many(20);
    disk_->answer();
    run();
    ASSERT_LT(turn, 100);
  }
  const auto newest = events_->newest();
  auto told = rest(client);
  std::erase(told, "live 100");
  EXPECT_EQ(told, odd(1, newest));
}

TEST_F(replays, announce_live_between_what_was_and_what_came) {
  append_many(100);
  auto client = back(since(0));
  append_many(50);
  answer_all();
  EXPECT_EQ(rest(client), joined(joined(odd(1, 100), {"live 100"}), odd(101, 150)));
}

TEST_F(replays, keep_nobody_else_waiting) {
  append_many(100);
  auto live = subscribed({"a"});
  auto client = back(since(0));
  strings got;
  for (int i = 0; i < 10; ++i) {
    append_many(10);
    got = joined(std::move(got), rest(live));
  }
  EXPECT_EQ(got, odd(101, 200));
}

TEST_F(replays, tell_what_has_never_got_to_the_disk) {
  append_many(10);
  disk_->fail();
  append_many(10);
  disk_->heal();
  append_many(80);
  auto client = back(since(0));
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(1, 10), joined({"gap 11-20 crash"}, joined(odd(21, 100), {"live 100"}))));
}

TEST_F(replays, tell_what_was_lost_between_disk_and_memory) {
  append_many(10);
  disk_->fail();
  append_many(90);
  auto client = back(since(0));
  answer_all();
  const auto first = events_->first();
  EXPECT_EQ(rest(client), joined(odd(1, 10), joined({"gap 11-" + std::to_string(first - 1) + " crash"},
                                                    joined(odd(first, 100), {"live 100"}))));
}

TEST_F(replays, tell_what_is_erased_under_their_eyes) {
  append_many(100);
  disk_->most_records = 5;
  auto client = back(since(0));
  disk_->answer();
  run();
  disk_->erase_until(20);
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(1, 5), joined({"gap 6-20 expired"}, joined(odd(21, 100), {"live 100"}))));
}

TEST_F(replays, that_are_too_slow_for_the_disk_end_where_that_is_asked_for) {
  append_many(100);
  disk_->most_records = 5;
  auto request = since(0);
  request.slow = proto::slow_policy::disconnect;
  auto client = back(request);
  disk_->answer();
  run();
  disk_->erase_until(20);
  answer_all();
  advance(std::chrono::milliseconds{0});
  EXPECT_EQ(rest(client), joined(odd(1, 5), {"gap 6-20 expired", "BYE"}));
}

TEST_F(replays, are_over_with_their_epoch) {
  append_many(100);
  auto client = back(since(0));
  events_->start_epoch(1);
  append_many(100);
  answer_all();
  EXPECT_EQ(rest(client), joined({"gap 1-100 expired", "live 100", "gap 101-101 epoch"}, [] {
              strings later;
              for (int seq = 102; seq <= 201; seq += 2) later.push_back(std::to_string(seq));
              return later;
            }()));
}

TEST_F(replays, whose_epoch_ends_before_they_begin_say_so) {
  append_many(100);
  auto request = since(10);
  request.more = true;
  auto client = back(request);
  events_->start_epoch(1);
  client.send_message(proto::subscribe{2, {"c"}, {}});
  run();
  client.expect<proto::result>();
  answer_all();
  EXPECT_EQ(rest(client), (strings{"gap 11-100 expired", "gap 101-101 epoch", "live 101"}));
}

TEST_F(replays, give_nothing_of_a_chunk_once_its_epoch_is_over) {
  append_many(100);
  auto client = back(since(0), true, socket_buffer);
  disk_->answer();
  events_->start_epoch(1);
  answer_all();
  EXPECT_EQ(rest(client), (strings{"gap 1-100 expired", "live 100", "gap 101-101 epoch"}));
}

TEST_F(replays, have_nothing_that_is_not_to_be_shown_yet) {
  append_many(100);
  events_->cursors().show_until(0);
  auto client = back(since(0));
  EXPECT_EQ(disk_->requests(), 0u);
  events_->cursors().show_until(10);
  answer_all();
  EXPECT_EQ(rest(client), odd(1, 10));
  events_->cursors().show_until(200);
  answer_all();
  EXPECT_EQ(rest(client), joined(odd(11, 100), {"live 100"}));
}

TEST_F(replays, come_behind_a_snapshot_that_takes_its_time) {
  events_->retained().configure({.keys = 10, .bytes = 10'000});
  events_->append({.time = 1, .name = "a", .arguments = "1", .retain_key = "k"});
  append_many(99);
  auto request = since(90);
  request.snapshot = true;
  request.more = true;
  auto client = back(request);
  append_many(100);
  EXPECT_EQ(rest(client), strings{});
  client.send_message(proto::subscribe{2, {"c"}, {}});
  run();
  client.expect<proto::result>();
  answer_all();
  strings expected{"1r"};
  for (int seq = 92; seq <= 100; seq += 2) expected.push_back(std::to_string(seq));
  EXPECT_EQ(rest(client), joined(joined(expected, odd(101, 199)), {"live 200"}));
}

TEST_F(replays, are_decided_by_the_subscriptions_of_the_moment) {
  append_many(100);
  disk_->most_records = 10;
  auto client = back(since(0, {}));
  disk_->answer();
  run();
  EXPECT_EQ(rest(client).size(), 10u);
  client.send_message(proto::unsubscribe{2, 1});
  run();
  client.expect<proto::result>();
  answer_all();
  EXPECT_EQ(rest(client), strings{"live 100"});
}

TEST_F(replays, whose_client_leaves_are_forgotten) {
  append_many(100);
  auto client = back(since(0));
  client.close();
  run();
  EXPECT_EQ(hub_->size(), 0u);
  answer_all();
}

TEST_F(replays, of_an_empty_log_ask_no_disk) {
  auto fresh = subscribed({"a"});
  auto client = back(since(0));
  EXPECT_EQ(rest(client), strings{"live 0"});
  EXPECT_EQ(disk_->requests(), 0u);
}

TEST_F(replays, of_all_connections_that_a_user_may_have_find_room) {
  append_many(100);
  std::deque<test_client> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(back(since(0)));
  hub_->flush();
  answer_all();
  for (auto& each : clients) ASSERT_EQ(rest(each), joined(odd(1, 100), {"live 100"}));
}

TEST_F(replays, are_charged_to_the_user) {
  append_many(100);
  auto client = back(since(0), true, socket_buffer);
  options_.user_buffer = 4000;
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  hub_->flush();
  run();
  EXPECT_EQ(rest(client), strings{"BYE"});
}

TEST_F(replays, of_one_user_wait_for_each_other_rather_than_hold_too_much) {
  append_many(100);
  options_.user_buffer = 80u << 10;
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  std::deque<test_client> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(back(since(5)));
  EXPECT_EQ(disk_->requests(), 2u) << "half of the buffer has room for two";
  answer_all();
  for (test_client& each : clients) EXPECT_EQ(rest(each), joined(odd(6, 100), {"live 100"}));
}

TEST_F(replays, that_wait_for_one_who_leaves_go_on) {
  append_many(100);
  options_.user_buffer = 80u << 10;
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  auto first = back(since(5));
  auto second = back(since(5));
  auto third = back(since(5));
  EXPECT_EQ(disk_->requests(), 2u);
  first.close();
  run();
  EXPECT_EQ(disk_->requests(), 3u) << "with the one that nobody waits for any more";
  answer_all();
  EXPECT_EQ(rest(third), joined(odd(6, 100), {"live 100"}));
}

TEST_F(replays, begin_only_where_there_is_something_to_replay) {
  append_many(100);
  auto client = subscribed({"a"});
  append_many(10);
  run();
  EXPECT_EQ(rest(client), odd(101, 110));
  EXPECT_EQ(disk_->requests(), 0u);
}

}  // namespace
}  // namespace roombridge::local
