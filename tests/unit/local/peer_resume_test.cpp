// SPDX-License-Identifier: MIT
// SUBSCRIBE with `since` and `more`: where a stream begins, and what is said of it.
#include "support.hpp"

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;
using proto::error_code;

class resumption : public hub_test {
 protected:
  static constexpr auto same_epoch = "0123456789abcdef";
  static constexpr auto other_epoch = "0123456789abcdee";

  static proto::subscribe since(log::sequence seq, std::string of = same_epoch) {
    return {.id = 1,
            .events = {"a"},
            .topics = {},
            .since = proto::log_position{std::move(of), seq},
            .snapshot = false,
            .more = false};
  }
  void append_many(int count) {
    for (int i = 0; i < count; ++i) append(i % 2 == 0 ? "a" : "b");
  }
  // The rest of the stream: "7" an event, "live 7", "gap 3-5 reason".
  static std::vector<std::string> rest(test_client& client) {
    std::vector<std::string> out;
    while (const auto frame = client.next()) {
      if (frame->type == proto::frame_type::event) {
        out.push_back(std::to_string(proto::parse<proto::event>(frame->head)->seq));
      } else if (frame->type == proto::frame_type::live) {
        out.push_back("live " + std::to_string(proto::parse<proto::live>(frame->head)->seq));
      } else if (frame->type == proto::frame_type::gap) {
        const auto gap = *proto::parse<proto::gap>(frame->head);
        EXPECT_FALSE(gap.count);
        out.push_back("gap " + std::to_string(gap.first) + "-" + std::to_string(gap.last) + " " + gap.reason);
      } else {
        out.emplace_back(proto::to_string(frame->type));
      }
    }
    return out;
  }

  using strings = std::vector<std::string>;
};

TEST_F(resumption, replays_what_was_missed_and_goes_on) {
  append_many(6);
  publish_status(proto::upstream_state::authenticated);
  auto client = welcomed();
  client.send_message(since(2));
  run();
  const auto result = client.expect<proto::result>();
  ASSERT_TRUE(result.resumption);
  EXPECT_EQ(*result.resumption, (proto::resumption{.complete = true, .first = 1, .newest = 6}));
  client.expect<proto::status>();
  EXPECT_EQ(rest(client), (strings{"3", "5", "live 6"}));
  append("a");
  hub_->flush();
  EXPECT_EQ(rest(client), strings{"7"});
}

TEST_F(resumption, latencies_are_those_of_live_events) {
  const auto appended = [this](std::chrono::milliseconds ago) {
    const std::chrono::nanoseconds received = (now_ - ago).time_since_epoch();
    events_->append({.received = received.count(), .name = "a"});
  };
  appended(1h);
  append("a");
  auto client = welcomed();
  client.send_message(since(0));
  run();
  EXPECT_EQ(hub_->latency().count(), 0u);
  (void)rest(client);
  append("a");
  appended(3ms);
  appended(3ms);
  hub_->flush();
  EXPECT_EQ(hub_->latency().count(), 2u);
  EXPECT_EQ(hub_->latency().max(), 3ms);
  (void)rest(client);
  client.send_message(proto::call{2, "subscribers", "{}"});
  run();
  client.expect<proto::result>();
  EXPECT_NE(client.payload.find(R"("latency":{"events":2,"p50_us":3000,)"), std::string::npos) << client.payload;
  client.close();
  run();
  EXPECT_EQ(hub_->size(), 0u);
  EXPECT_EQ(hub_->latency().count(), 2u);
}

TEST_F(resumption, of_someone_who_has_everything) {
  append_many(2);
  auto client = welcomed();
  client.send_message(since(2));
  run();
  EXPECT_TRUE(client.expect<proto::result>().resumption->complete);
  EXPECT_EQ(rest(client), strings{"live 2"});
}

TEST_F(resumption, live_waits_for_a_replay_that_takes_several_turns) {
  const std::string arguments(100'000, '1');
  for (int i = 0; i < 10; ++i) append("a", {}, arguments);
  auto client = welcomed(4096);
  client.send_message(since(0));
  run();
  client.expect<proto::result>();
  append("a");  // while the replay is under way
  hub_->flush();
  do run();
  while (client.read());
  EXPECT_EQ(rest(client), (strings{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "live 10", "11"}));
}

TEST_F(resumption, says_what_the_log_has_given_up) {
  make({.segment_bytes = 1024, .segments = 3, .max_body = 400});
  append_many(100);
  auto client = welcomed();
  client.send_message(since(5));
  run();
  const auto first = events_->first();
  EXPECT_EQ(*client.expect<proto::result>().resumption,
            (proto::resumption{.complete = false, .first = first, .newest = 100}));
  const auto told = rest(client);
  ASSERT_GT(told.size(), 2u);
  EXPECT_EQ(told.front(), "gap 6-" + std::to_string(first - 1) + " expired");
  EXPECT_EQ(told.back(), "live 100");
  EXPECT_EQ(told.size() - 2, (100 - first + 1) / 2);
}

TEST_F(resumption, from_another_epoch_begins_with_all_that_is_there) {
  append_many(3);
  auto client = welcomed();
  client.send_message(since(1'000, other_epoch));
  run();
  EXPECT_FALSE(client.expect<proto::result>().resumption->complete);
  const auto gap = client.expect<proto::gap>();
  EXPECT_EQ(gap, (proto::gap{0, 0, {}, "epoch", "", {}, {}, {}, same_epoch}));
  EXPECT_EQ(rest(client), (strings{"1", "3", "live 3"}));
}

TEST_F(resumption, gets_nothing_of_the_time_before_another_identity) {
  append_many(3);
  events_->start_epoch(0x0123456789abcdee);
  append("a");
  auto client = welcomed();
  client.send_message(since(1));
  run();
  EXPECT_FALSE(client.expect<proto::result>().resumption->complete);
  EXPECT_EQ(rest(client), (strings{"gap 3-3 epoch", "gap 4-4 epoch", "5", "live 5"}));
  auto whole = welcomed();
  whole.send_message(since(0, other_epoch));
  run();
  EXPECT_TRUE(whole.expect<proto::result>().resumption->complete) << "the epoch's own beginning is there";
}

TEST_F(resumption, refuses_what_cannot_be) {
  append_many(3);
  auto client = welcomed();
  client.send_message(since(4));
  run();
  EXPECT_EQ(client.expect<proto::result>().error->code, error_code::bad_request);
  client.send_message(since(3));
  auto again = since(3);
  again.id = 2;
  client.send_message(again);
  run();
  EXPECT_FALSE(client.expect<proto::result>().error);
  client.expect<proto::live>();
  EXPECT_EQ(client.expect<proto::result>().error->code, error_code::bad_request) << "not the first one";
}

TEST_F(resumption, several_subscriptions_begin_at_one_place) {
  append_many(4);
  auto client = welcomed();
  auto first = since(1);
  first.more = true;
  client.send_message(first);
  run();
  client.expect<proto::result>();
  append("b");
  hub_->flush();
  EXPECT_EQ(rest(client), strings{}) << "more is to come";
  client.send_message(proto::subscribe{2, {"b"}, {}});
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), (strings{"2", "3", "4", "5", "live 5"}));
  client.send_message(proto::subscribe{3, {"c"}, {}});
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), strings{});
}

class snapshots : public resumption {
 protected:
  void SetUp() override {
    resumption::SetUp();
    events_->retained().configure({.keys = 100, .bytes = 1u << 20});
  }
  void put(std::string_view name, std::string_view key, std::vector<std::string_view> topics = {},
           std::string_view arguments = "1") {
    events_->append({.time = 1, .name = name, .topics = topics, .arguments = arguments, .retain_key = key});
  }
  static proto::subscribe with_snapshot(std::vector<std::string> events = {}) {
    return {.id = 1, .events = std::move(events), .topics = {}, .since = {}, .snapshot = true, .more = false};
  }
};

TEST_F(snapshots, are_the_newest_of_each_key_that_matches) {
  put("a", "a1", {"t"}, "1");
  put("a", "a2", {"t"}, "2");
  put("b", "b1", {}, "3");
  put("a", "a1", {"t"}, "4");
  append("a");
  auto client = welcomed();
  client.send_message(with_snapshot({"a"}));
  run();
  client.expect<proto::result>();
  const auto first = client.expect<proto::event>();
  EXPECT_EQ(first, (proto::event{2, 1, "a", {"t"}, {}, false, true}));
  EXPECT_EQ(client.payload, "[2]");
  EXPECT_EQ(client.expect<proto::event>().seq, 4u);
  EXPECT_EQ(client.expect<proto::live>().seq, 5u);
  put("a", "a1");
  hub_->flush();
  EXPECT_FALSE(client.expect<proto::event>().retained);
}

TEST_F(snapshots, come_before_a_replay_and_what_comes_meanwhile) {
  put("a", "a1");
  put("a", "a2");
  append("a");
  auto client = welcomed();
  auto request = since(2);
  request.snapshot = true;
  request.more = true;
  client.send_message(request);
  run();
  client.expect<proto::result>();
  put("a", "a1");
  hub_->flush();
  EXPECT_EQ(rest(client), strings{});
  client.send_message(proto::subscribe{2, {"b"}, {}});
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), (strings{"2", "4", "3", "4", "live 4"}));
}

TEST_F(snapshots, reach_a_client_that_reads_slowly_while_events_come) {
  const std::string large(100'000, '1');
  for (const auto* key : {"1", "2", "3", "4", "5"}) put("a", key, {}, large);
  auto client = welcomed(4096);
  client.send_message(with_snapshot());
  run();
  put("a", "4", {}, "7");  // its place in the snapshot is empty now; it comes as what it is, a new event
  put("b", "6");
  hub_->flush();
  do run();
  while (client.read());
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), (strings{"1", "2", "3", "5", "live 5", "6", "7"}));
}

// As it is where events wait for the disk, or for the user whose they are.
TEST_F(snapshots, have_nothing_that_is_not_to_be_shown_yet) {
  put("a", "a1");
  put("a", "a2");
  put("b", "b1");
  events_->cursors().show_until(1);
  auto client = welcomed();
  client.send_message(with_snapshot({"a"}));
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), strings{"1"});
  put("a", "a3");
  hub_->flush();
  EXPECT_EQ(rest(client), strings{});
  events_->cursors().show_until(3);
  run();
  EXPECT_EQ(rest(client), (strings{"2", "live 3"}));
  events_->cursors().show_until(4);
  run();
  EXPECT_EQ(rest(client), strings{"4"});
}

TEST_F(snapshots, that_wait_are_over_with_their_epoch) {
  put("a", "a1");
  events_->cursors().show_until(0);
  auto client = welcomed();
  client.send_message(with_snapshot());
  run();
  client.expect<proto::result>();
  events_->start_epoch(1);
  events_->cursors().show_until(2);
  run();
  EXPECT_EQ(rest(client), (strings{"live 1", "gap 2-2 epoch"}));
}

// A loop that is polled until nothing is left to do would not come back.
TEST_F(resumption, that_waits_for_what_is_not_to_be_shown_yet_costs_nothing) {
  append_many(3);
  events_->cursors().show_until(0);
  auto client = welcomed();
  client.send_message(since(0));
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), strings{});
  events_->cursors().show_until(3);
  run();
  EXPECT_EQ(rest(client), (strings{"1", "3", "live 3"}));
}

TEST_F(snapshots, of_nothing) {
  put("b", "b1");
  auto client = welcomed();
  client.send_message(with_snapshot({"a"}));
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), strings{"live 1"});
  client.send_message([] {
    auto again = with_snapshot();
    again.id = 2;
    return again;
  }());
  run();
  EXPECT_EQ(client.expect<proto::result>().error->code, error_code::bad_request) << "not the first one";
}

TEST_F(snapshots, have_nothing_of_another_users_time) {
  put("a", "a1");
  events_->start_epoch(1);
  auto client = welcomed();
  client.send_message(with_snapshot());
  run();
  client.expect<proto::result>();
  EXPECT_EQ(rest(client), strings{"live 2"});
}

TEST_F(resumption, a_client_that_asks_for_more_and_says_nothing_costs_no_memory) {
  make({.segment_bytes = 1024, .segments = 3, .max_body = 400});
  auto client = welcomed();
  client.send_message(
      proto::subscribe{.id = 1, .events = {}, .topics = {}, .since = {}, .snapshot = false, .more = true});
  run();
  client.expect<proto::result>();
  append_many(100);
  hub_->flush();
  EXPECT_EQ(rest(client), strings{});
  client.send_message(proto::subscribe{2, {}, {}});
  run();
  client.expect<proto::result>();
  const auto gap = client.expect<proto::gap>();
  EXPECT_EQ(gap.first, 1u);
  EXPECT_EQ(gap.reason, "slow");
  EXPECT_EQ(rest(client).back(), "live 100");
}

}  // namespace
}  // namespace roombridge::local
