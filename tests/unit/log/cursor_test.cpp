// SPDX-License-Identifier: MIT
#include "support.hpp"

#include "daemon/log/cursor.hpp"

namespace roombridge::log {
namespace {

using strings = std::vector<std::string>;

class cursors : public testing::Test {
 protected:
  sequence append(std::string_view name, const std::vector<std::string_view>& topics = {},
                  const std::vector<std::string_view>& fields = {}) {
    return log_.append({.name = name, .topics = topics, .fields = fields, .arguments = "1"});
  }
  // Appends events of this name until the log has given up everything up to `seq`.
  void push_out(sequence seq, std::string_view name) {
    while (log_.first() <= seq) append(name);
  }
  // Wakes and sends everything.
  strings told(test_sink& sink) {
    log_.cursors().wake();
    sink.send();
    return tell(sink.out);
  }

  event_log log_{small_log, 7};
};

TEST_F(cursors, get_what_follows_the_subscription) {
  append("a");
  test_sink sink{log_};
  sink.subscribe(1);
  append("a");
  append("b");
  EXPECT_EQ(told(sink), (strings{"2", "3"}));
  EXPECT_EQ(sink.at().delivered(), 2u);
  EXPECT_EQ(sink.at().behind(), 0u);
}

TEST_F(cursors, may_begin_behind_any_record_of_the_log) {
  for (int i = 0; i < 40; ++i) append(i % 2 == 0 ? "a" : "b");
  for (sequence after = log_.first() - 1; after <= log_.newest(); ++after) {
    test_sink sink{log_};
    sink.at().subscribe({.id = 1, .events = {"a"}, .topics = {}}, after);
    strings expected;
    for (sequence seq = after + 1; seq <= 40; ++seq) {
      if (seq % 2 == 1) expected.push_back(std::to_string(seq));
    }
    EXPECT_EQ(told(sink), expected);
  }
}

TEST_F(cursors, all_of_whose_subscriptions_begin_at_one_place_look_at_all_behind_it) {
  append("a");
  test_sink sink{log_};
  sink.subscribe_after(1, 1, {"a"});
  append("b");
  append("a");
  log_.cursors().wake();
  sink.subscribe_after(1, 2, {"b"});
  EXPECT_EQ(told(sink), (strings{"2", "3"}));
}

TEST_F(cursors, stop_where_they_are_told_to) {
  test_sink sink{log_};
  sink.subscribe(1);
  for (int i = 0; i < 5; ++i) append("a");
  log_.cursors().wake();
  batch events;
  EXPECT_FALSE(sink.at().passed(3));
  sink.at().collect(events, SIZE_MAX, all_of_it(), 3);
  sink.at().sent(events, events.bytes());
  EXPECT_EQ(sink.at().behind(), 2u);
  EXPECT_TRUE(sink.at().passed(3));
  EXPECT_FALSE(sink.at().passed(4));
}

TEST_F(cursors, tell_when_what_they_sent_had_come) {
  test_sink sink{log_};
  sink.subscribe(1);
  for (const std::int64_t received : {5, 5, 6}) log_.append({.received = received, .name = "a"});
  log_.append_upstream_gap(1, 2);
  log_.append({.received = 6, .name = "a"});
  log_.cursors().wake();
  batch events;
  sink.at().collect(events, 1, all_of_it());
  const std::size_t first = events.bytes();
  events.clear();
  sink.at().collect(events, SIZE_MAX, all_of_it());
  const auto told_by = [&events] {
    strings out;
    for (const arrival& each : events.arrivals()) {
      out.push_back(std::to_string(each.events) + " at " + std::to_string(each.received));
    }
    return out;
  };
  EXPECT_EQ(told_by(), (strings{"2 at 5", "2 at 6"}));
  sink.at().sent(events, first + 1);
  EXPECT_EQ(sink.at().delivered(), 2u);
  EXPECT_EQ(told_by(), (strings{"2 at 5"}));
}

TEST_F(cursors, send_events_of_many_moments_in_several_batches) {
  event_log log{{.segment_bytes = 64u << 10, .segments = 3, .max_body = 400}, 7};
  test_sink sink{log};
  sink.subscribe(1);
  for (std::size_t i = 1; i <= batch::max_arrivals + 1; ++i) {
    log.append({.received = static_cast<std::int64_t>(i), .name = "a"});
  }
  log.cursors().wake();
  batch events;
  sink.at().collect(events, SIZE_MAX, all_of_it());
  EXPECT_EQ(events.arrivals().size(), batch::max_arrivals);
  sink.at().sent(events, events.bytes());
  EXPECT_EQ(sink.at().delivered(), batch::max_arrivals);
  EXPECT_EQ(sink.at().behind(), 1u);
}

TEST_F(cursors, match_events_and_topics) {
  struct {
    strings events, topics, expected;
  } const cases[] = {
      {{}, {}, {"1", "2", "3", "4"}},
      {{"a"}, {}, {"1", "2"}},
      {{"a", "b*"}, {}, {"1", "2", "3"}},
      {{"*"}, {}, {"1", "2", "3", "4"}},
      {{}, {"shop-7"}, {"2", "3"}},
      {{}, {"shop-*"}, {"2", "3", "4"}},
      {{}, {"*"}, {"2", "3", "4"}},
      {{"a"}, {"shop-7"}, {"2"}},
      {{"a"}, {"*"}, {"2"}},
      {{"c"}, {"user-1", "shop-8"}, {"4"}},
      {{"A"}, {}, {}},
      {{"ab"}, {}, {}},
      {{}, {"shop-"}, {}},
  };
  std::vector<std::unique_ptr<test_sink>> sinks;
  for (const auto& each : cases) {
    sinks.push_back(std::make_unique<test_sink>(log_));
    sinks.back()->subscribe(1, each.events, each.topics);
  }
  append("a");
  append("a", {"shop-7", "shop-77"});
  append("bc", {"x", "shop-7"});
  append("c", {"shop-8"});
  for (std::size_t i = 0; i < sinks.size(); ++i) EXPECT_EQ(told(*sinks[i]), cases[i].expected) << i;
}

TEST_F(cursors, match_fields) {
  struct {
    subscription wanted;
    strings expected;
  } const cases[] = {
      {{.fields = {{"shopId=7"}}}, {"2", "3"}},
      {{.fields = {{"shopId=7", "shopId=8"}}}, {"2", "3", "4"}},
      {{.fields = {{"shopId=7"}, {"status=paid"}}}, {"3"}},
      {{.events = {"a"}, .fields = {{"shopId=7"}}}, {"2"}},
      {{.topics = {"t"}, .fields = {{"shopId=7", "shopId=8"}}}, {"3"}},
      {{.fields = {{"shopId=7"}, {"shopId=8"}}}, {}},
      {{.fields = {{"shopId"}}}, {}},
  };
  std::vector<std::unique_ptr<test_sink>> sinks;
  for (const auto& each : cases) {
    sinks.push_back(std::make_unique<test_sink>(log_));
    sinks.back()->at().subscribe(each.wanted);
  }
  append("a", {"shopId=7"});
  append("a", {}, {"shopId=7"});
  append("b", {"t"}, {"status=paid", "shopId=7"});
  append("c", {}, {"shopId=8", "status=open"});
  append("c", {}, {"status=paid"});
  for (std::size_t i = 0; i < sinks.size(); ++i) EXPECT_EQ(told(*sinks[i]), cases[i].expected) << i;
}

// Of as many programs as there are reservations, each waiting for its own.
TEST_F(cursors, a_field_wakes_only_those_who_asked_for_its_value) {
  std::vector<std::unique_ptr<test_sink>> sinks;
  for (int i = 0; i < 100; ++i) {
    sinks.push_back(std::make_unique<test_sink>(log_));
    sinks.back()->at().subscribe({.events = {"a"}, .fields = {{"id=" + std::to_string(i)}}});
  }
  append("a", {}, {"id=42"});
  log_.cursors().wake();
  for (std::size_t i = 0; i < sinks.size(); ++i) EXPECT_EQ(sinks[i]->woken, i == 42) << i;
}

TEST_F(cursors, the_place_of_a_subscription_is_kept_by_the_one_that_replaces_it) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  for (const auto* name : {"b", "a", "b", "a", "b"}) append(name);
  log_.cursors().wake();
  sink.send(5);  // the frame of 2 is under way
  sink.at().replace(1, {.id = 2, .events = {"b"}});
  EXPECT_FALSE(sink.at().subscribed(1));
  append("b");
  append("a");
  EXPECT_EQ(told(sink), (strings{"2", "3", "5", "6"}));
  EXPECT_EQ(sink.at().behind(), 0u);
}

TEST_F(cursors, a_subscription_is_replaced_by_one_of_its_id) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("a");
  append("b");
  sink.at().replace(1, {.id = 1, .events = {"b"}});
  EXPECT_EQ(sink.at().subscriptions(), 1u);
  EXPECT_EQ(sink.at().footprint(), sink.at().footprint_of(1));
  EXPECT_EQ(told(sink), strings{"2"});
}

TEST_F(cursors, what_was_passed_over_is_not_sent_to_the_one_that_replaces) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("b");
  append("a");
  EXPECT_EQ(told(sink), strings{"2"});
  append("b");
  log_.cursors().wake();
  sink.at().replace(1, {.id = 2, .events = {"b"}});
  append("b");
  EXPECT_EQ(told(sink), (strings{"2", "4"}));
}

TEST_F(cursors, a_replacing_subscription_decides_over_what_is_lost_from_then_on) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("a");
  append("b");
  append("b");
  sink.at().replace(1, {.id = 2, .events = {"b"}});
  push_out(3, "c");
  EXPECT_EQ(told(sink), strings{"gap 2-3 2 slow"});
}

TEST_F(cursors, only_those_who_may_match_are_woken) {
  test_sink touched{log_};
  test_sink untouched{log_};
  touched.subscribe(1, {}, {"t-1"});
  untouched.subscribe(1, {"a"}, {"t-2"});
  append("a", {"t-1"});
  log_.cursors().wake();
  EXPECT_TRUE(touched.woken);
  EXPECT_FALSE(untouched.woken);
  EXPECT_FALSE(untouched.at().pending());
}

TEST_F(cursors, get_an_event_once_however_many_subscriptions_match) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  sink.subscribe(2, {}, {"t"});
  sink.subscribe(3);
  append("a", {"t"});
  EXPECT_EQ(told(sink), strings{"1"});
}

TEST_F(cursors, a_new_subscription_matches_nothing_older) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("a");
  append("b");
  sink.subscribe(2, {"b"});
  append("b");
  EXPECT_EQ(told(sink), (strings{"1", "3"}));
}

TEST_F(cursors, what_is_unsubscribed_is_not_sent_any_more) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  sink.subscribe(2, {"b"});
  append("a");
  append("b");
  EXPECT_TRUE(sink.at().unsubscribe(1));
  EXPECT_FALSE(sink.at().unsubscribe(1));
  EXPECT_EQ(told(sink), strings{"2"});
}

TEST_F(cursors, the_frame_under_way_is_finished_whatever_is_unsubscribed) {
  test_sink sink{log_};
  sink.subscribe(1);
  append("a");
  append("a");
  log_.cursors().wake();
  sink.send(5);
  sink.at().unsubscribe(1);
  EXPECT_EQ(told(sink), strings{"1"});
}

TEST_F(cursors, a_loss_is_told_before_the_next_event) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("b");
  append("a");
  append("a");
  append("b");
  push_out(4, "b");
  const auto last = append("a");
  EXPECT_EQ(told(sink), (strings{"gap 2-3 2 slow", std::to_string(last)}));
  EXPECT_EQ(sink.at().lost_events(), 2u);
}

TEST_F(cursors, have_passed_what_lies_before_a_loss) {
  test_sink sink{log_};
  sink.subscribe(1);
  append("a");
  told(sink);
  for (int i = 0; i < 1000; ++i) append("a");
  ASSERT_TRUE(sink.at().lost());
  EXPECT_TRUE(sink.at().passed(1));
  EXPECT_FALSE(sink.at().passed(2));
}

TEST_F(cursors, nothing_is_told_of_what_does_not_match) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"}, {"t"});
  append("a");
  append("b", {"t"});
  push_out(2, "a");
  EXPECT_EQ(told(sink), strings{});
  EXPECT_FALSE(sink.at().pending());
}

TEST_F(cursors, a_frame_under_way_that_leaves_the_log_is_finished_and_not_lost) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("a");
  append("a");
  log_.cursors().wake();
  sink.send(1);
  push_out(2, "b");
  EXPECT_EQ(told(sink), (strings{"1", "gap 2-2 1 slow"}));
  EXPECT_EQ(sink.at().delivered(), 1u);
}

TEST_F(cursors, losses_of_several_segments_are_one) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  append("a");
  push_out(1, "b");
  const auto second = append("a");
  push_out(second, "b");
  EXPECT_EQ(sink.losses, 1);
  EXPECT_EQ(told(sink), strings{"gap 1-" + std::to_string(second) + " 2 slow"});
}

// More is appended between two wakes than the log holds.
TEST_F(cursors, a_burst_larger_than_the_log_is_counted) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  for (int i = 0; i < 100; ++i) append("a");
  const auto kept = log_.first();
  strings expected{"gap 1-" + std::to_string(kept - 1) + " " + std::to_string(kept - 1) + " slow"};
  for (auto seq = kept; seq <= 100; ++seq) expected.push_back(std::to_string(seq));
  EXPECT_EQ(told(sink), expected);
}

TEST_F(cursors, a_loss_keeps_the_times_of_the_upstream_gaps_in_it) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  log_.append_upstream_gap(10, 20);
  append("a");
  log_.append_upstream_gap(30, 40);
  push_out(3, "b");
  log_.cursors().wake();
  sink.send();
  EXPECT_EQ(sink.out, proto::encode(proto::gap{1, 3, 1, "slow", "", {}, 10, 40}));
}

TEST_F(cursors, one_destroyed_while_behind_is_forgotten) {
  {
    test_sink sink{log_};
    sink.subscribe(1);
    append("a");
    log_.cursors().wake();
    sink.send(3);
    append("a");
  }
  log_.cursors().wake();
  push_out(2, "a");
}

TEST_F(cursors, side_by_side_frames_are_one_range) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"});
  for (const auto* name : {"a", "a", "b", "a"}) append(name);
  log_.cursors().wake();
  batch events;
  sink.at().collect(events, SIZE_MAX, all_of_it());
  EXPECT_EQ(events.ranges().size(), 2u);
}

TEST_F(cursors, get_nothing_that_is_not_to_be_shown_yet) {
  test_sink sink{log_};
  log_.cursors().show_until(1);
  sink.subscribe(1);
  append("a");
  append("a");
  append("a");
  EXPECT_EQ(told(sink), strings{"1"});
  EXPECT_FALSE(sink.at().pending());
  EXPECT_EQ(sink.at().behind(), 2u);
  log_.cursors().show_until(2);
  EXPECT_TRUE(sink.woken);
  EXPECT_EQ(told(sink), (strings{"1", "2"}));
  EXPECT_FALSE(sink.at().pending());
  log_.cursors().show_until(UINT64_MAX);
  EXPECT_EQ(told(sink), (strings{"1", "2", "3"}));
}

TEST_F(cursors, a_batch_ends_at_its_limit) {
  test_sink sink{log_};
  sink.subscribe(1);
  for (int i = 0; i < 5; ++i) append("a");
  log_.cursors().wake();
  batch events;
  sink.at().collect(events, 1, all_of_it());
  EXPECT_EQ(events.ranges().size(), 1u);
  EXPECT_LT(events.bytes(), 100u);
  sink.at().sent(events, events.bytes());
  EXPECT_EQ(sink.at().behind(), 4u);
}

}  // namespace
}  // namespace roombridge::log
