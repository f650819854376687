// SPDX-License-Identifier: MIT
// Cursors that look for the same share what the first one finds; all others look for themselves.
#include "support.hpp"

#include <functional>
#include <memory>

#include "daemon/log/cursor.hpp"
#include "daemon/log/scan_memo.hpp"

namespace roombridge::log {
namespace {

using strings = std::vector<std::string>;

class shared_scans : public testing::Test {
 protected:
  void append(std::string_view name, std::string_view topic) {
    log_.append({.name = name, .topics = std::span{&topic, 1}, .arguments = "1"});
  }
  // What each of them sends of what was appended, in this order.
  std::vector<strings> told(std::initializer_list<test_sink*> sinks) {
    log_.cursors().wake();
    std::vector<strings> out;
    for (test_sink* const each : sinks) {
      each->out.clear();
      each->send();
      out.push_back(tell(each->out));
    }
    return out;
  }

  event_log log_{small_log, 7};
  test_sink first_{log_};
  test_sink second_{log_};
};

TEST_F(shared_scans, give_the_same_to_those_who_ask_for_the_same) {
  first_.subscribe(1, {"a"});
  second_.subscribe(9, {"a"});
  append("a", "x");
  append("b", "x");
  append("a", "y");
  EXPECT_EQ(told({&first_, &second_}), (std::vector<strings>{{"1", "3"}, {"1", "3"}}));
  EXPECT_EQ(second_.at().delivered(), 2u);
}

TEST_F(shared_scans, are_not_for_another_filter) {
  test_sink third{log_};
  first_.subscribe(1, {"a"});
  second_.subscribe(1, {"b"});
  third.subscribe(1, {}, {"y"});
  append("a", "x");
  append("b", "x");
  append("a", "y");
  EXPECT_EQ(told({&first_, &second_, &third}), (std::vector<strings>{{"1", "3"}, {"2"}, {"3"}}));
}

TEST_F(shared_scans, are_no_more_where_a_record_was_superseded_since) {
  log_.retained().configure({.keys = 10, .bytes = 1000});
  for (test_sink* const each : {&first_, &second_}) {
    each->at().take_newest_only();
    each->subscribe(1, {"a"});
  }
  log_.append({.name = "a", .arguments = "1", .retain_key = "k"});
  append("a", "x");
  EXPECT_EQ(told({&first_}), (std::vector<strings>{{"1", "2"}}));
  log_.append({.name = "b", .arguments = "1", .retain_key = "k"});  // wakes neither of them
  EXPECT_EQ(told({&second_}), (std::vector<strings>{{"2"}}));
}

TEST_F(shared_scans, that_looked_at_nothing_lead_nobody_back) {
  event_log like_it{small_log, 7};
  const auto append_to = [](event_log& log) { log.append({.name = "a", .arguments = "1"}); };
  while (like_it.first() == 1) append_to(like_it);
  const sequence end = like_it.first() - 1;  // of the first segment

  first_.subscribe(1, {"a"});
  log_.cursors().show_until(end);
  const auto look = [this] {
    log_.cursors().wake();
    batch out;
    first_.at().collect(out, SIZE_MAX, all_of_it());
    first_.at().sent(out, out.bytes());
  };
  while (log_.newest() <= end) append_to(log_);
  look();
  look();
  while (log_.first() <= end) append_to(log_);
  look();
  while (log_.first() <= end + 1) append_to(log_);
  log_.cursors().show_until(SIZE_MAX);
  const strings got = told({&first_}).front();
  EXPECT_TRUE(got.front().starts_with("gap " + std::to_string(end + 1) + "-")) << got.front();
  EXPECT_EQ(got.back(), std::to_string(log_.newest()));
}

TEST_F(shared_scans, are_not_for_those_who_want_all_of_it) {
  log_.retained().configure({.keys = 10, .bytes = 1000});
  first_.at().take_newest_only();
  for (test_sink* const each : {&first_, &second_}) each->subscribe(1, {"a"});
  for (int i = 0; i < 2; ++i) log_.append({.name = "a", .arguments = "1", .retain_key = "k"});
  EXPECT_EQ(told({&first_, &second_}), (std::vector<strings>{{"2"}, {"1", "2"}}));
}

TEST_F(shared_scans, are_not_for_other_values_of_fields) {
  first_.at().subscribe({.id = 1, .fields = {{"f=1"}}});
  second_.at().subscribe({.id = 1, .fields = {{"f=2"}}});
  for (const std::string_view field : {"f=1", "f=2"}) log_.append({.name = "a", .fields = std::span{&field, 1}});
  EXPECT_EQ(told({&first_, &second_}), (std::vector<strings>{{"1"}, {"2"}}));
}

TEST_F(shared_scans, are_not_for_who_may_see_less_or_more) {
  first_.subscribe(1);
  second_.subscribe(1);
  second_.at().restrict_to(
      std::make_shared<const visibility>(std::vector<visibility::grant>{{.events = {"a"}, .topics = {"*"}}}));
  append("a", "x");
  append("b", "x");
  EXPECT_EQ(told({&first_, &second_}), (std::vector<strings>{{"1", "2"}, {"1"}}));
  append("a", "x");
  append("b", "x");
  EXPECT_EQ(told({&second_, &first_}), (std::vector<strings>{{"3"}, {"3", "4"}}));
}

TEST_F(shared_scans, are_not_for_who_subscribed_later) {
  first_.subscribe(1, {"b"});
  first_.subscribe(2, {"a"});
  second_.subscribe(1, {"b"});
  append("b", "x");
  append("a", "x");
  second_.subscribe(2, {"a"});
  append("b", "x");
  EXPECT_EQ(told({&first_, &second_}), (std::vector<strings>{{"1", "2", "3"}, {"1", "3"}}));
}

TEST_F(shared_scans, are_forgotten_when_the_finder_changes) {
  first_.subscribe(1, {"a"});
  append("a", "x");
  append("b", "x");
  batch found;
  scan_memo memo;
  const scan_range range{1, 2, 100};
  log_.cursors().wake();
  first_.at().collect(found, 100, all_of_it());
  memo.remember(first_.at(), range, found);
  batch out;
  EXPECT_TRUE(memo.recall(first_.at(), range, out));
  EXPECT_EQ(out.bytes(), found.bytes());
  EXPECT_FALSE(memo.recall(first_.at(), {1, 3, 100}, out));
  memo.forget(first_.at());
  EXPECT_FALSE(memo.recall(first_.at(), range, out));
}

// What the finder found by its old subscriptions, or with its old rights, is not for those who are like it now.
TEST_F(shared_scans, hold_no_longer_than_the_finder_stays_as_it_was) {
  const auto only_a =
      std::make_shared<const visibility>(std::vector<visibility::grant>{{.events = {"a"}, .topics = {"*"}}});
  const auto found_by = [](test_sink& who) {
    batch found;
    who.at().collect(found, 1000, all_of_it());
    return found.bytes();
  };
  struct {
    strings before, after;
    std::function<void(cursor&)> change;
    std::shared_ptr<const visibility> visible;
  } const cases[] = {
      {{"a"}, {"a", "b"}, [](cursor& who) { who.subscribe({.id = 1, .events = {"b"}, .topics = {}}, 0); }, nullptr},
      {{"a", "b"}, {"a"}, [](cursor& who) { who.unsubscribe(1); }, nullptr},
      {{""}, {""}, [&](cursor& who) { who.restrict_to(only_a); }, only_a},
  };
  append("a", "x");
  append("b", "x");
  const auto subscribe = [](test_sink& who, const strings& events) {
    for (std::uint64_t id = 0; id < events.size(); ++id) {
      who.subscribe_after(0, id, events[id].empty() ? strings{} : strings{events[id]});
    }
  };
  for (const auto& [before, after, change, visible] : cases) {
    test_sink finder{log_};
    test_sink twin{log_};
    subscribe(finder, before);
    subscribe(twin, after);
    twin.at().restrict_to(visible);
    const std::size_t found = found_by(finder);
    change(finder.at());
    EXPECT_NE(found_by(twin), found);
  }
}

TEST_F(shared_scans, hold_no_longer_than_the_finder) {
  append("a", "x");
  auto finder = std::make_unique<test_sink>(log_);
  finder->subscribe_after(0, 1);
  batch found;
  finder->at().collect(found, 1000, all_of_it());
  finder.reset();
  first_.subscribe_after(0, 1);
  EXPECT_EQ(told({&first_}), (std::vector<strings>{{"1"}}));
}

}  // namespace
}  // namespace roombridge::log
