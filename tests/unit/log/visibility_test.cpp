// SPDX-License-Identifier: MIT
// What a subscriber may see: which records, in what is sent and in what is told as lost.
#include "support.hpp"

namespace roombridge::log {
namespace {

using strings = std::vector<std::string>;
using grant = visibility::grant;

class visibilities : public testing::Test {
 protected:
  sequence append(std::string_view name, const std::vector<std::string_view>& topics = {}, bool unexpected = false) {
    return log_.append({.name = name, .topics = topics, .unexpected = unexpected, .arguments = "1"});
  }
  static void restrict_to(test_sink& sink, std::vector<grant> grants) {
    sink.at().restrict_to(std::make_shared<const visibility>(std::move(grants)));
  }
  strings told(test_sink& sink) {
    log_.cursors().wake();
    sink.send();
    return tell(sink.out);
  }

  event_log log_{small_log, 7};
};

TEST_F(visibilities, an_event_needs_its_name_and_one_of_its_topics_in_one_grant) {
  struct {
    std::vector<grant> grants;
    strings expected;
  } const cases[] = {
      {{}, {}},
      {{{{"*"}, {"*"}}}, {"1", "2", "3", "4", "5"}},
      {{{{"a"}, {"*"}}}, {"1", "2", "5"}},
      {{{{"*"}, {"shop-7"}}}, {"2", "3"}},
      {{{{"*"}, {"shop-*"}}}, {"2", "3", "4"}},
      {{{{"a"}, {"shop-7", "user-1"}}}, {"2"}},
      {{{{"a"}, {"shop-7"}}, {{"c"}, {"user-1"}}}, {"2", "4"}},
      {{{{"a"}, {"user-1"}}, {{"c"}, {"shop-7"}}}, {}},
      {{{{"*"}, {"shop-7", "*"}}}, {"1", "2", "3", "4", "5"}},
  };
  std::vector<std::unique_ptr<test_sink>> sinks;
  for (const auto& each : cases) {
    sinks.push_back(std::make_unique<test_sink>(log_));
    sinks.back()->subscribe(1);
    restrict_to(*sinks.back(), each.grants);
  }
  append("a");
  append("a", {"shop-7", "user-2"});
  append("b", {"shop-7"});
  append("c", {"shop-8", "user-1"});
  append("a", {"shop-7"}, true);
  for (std::size_t i = 0; i < std::size(cases); ++i) EXPECT_EQ(told(*sinks[i]), cases[i].expected) << "case " << i;
}

TEST_F(visibilities, narrow_a_subscription_and_widen_none) {
  test_sink sink{log_};
  sink.subscribe(1, {"a"}, {"shop-7"});
  restrict_to(sink, {{{"a", "b"}, {"user-1"}}});
  append("a", {"shop-7"});
  append("a", {"user-1"});
  append("a", {"shop-7", "user-1"});
  append("b", {"shop-7", "user-1"});
  EXPECT_EQ(told(sink), (strings{"3"}));
}

TEST_F(visibilities, upstream_gaps_are_for_everyone) {
  test_sink sink{log_};
  sink.subscribe(1);
  restrict_to(sink, {});
  append("a");
  log_.append_upstream_gap(10, 20);
  EXPECT_EQ(told(sink), (strings{"gap 2-2 null upstream 10..20"}));
}

TEST_F(visibilities, an_event_too_large_is_told_to_those_who_may_see_it) {
  test_sink one{log_}, other{log_};
  for (test_sink* sink : {&one, &other}) sink->subscribe(1);
  restrict_to(one, {{{"*"}, {"shop-7"}}});
  restrict_to(other, {{{"*"}, {"shop-8"}}});
  const std::vector<std::string_view> topics{"shop-7"};
  const std::string large(500, '1');
  log_.append({.name = "a", .topics = topics, .arguments = large});
  log_.append({.name = "a", .topics = topics, .unexpected = true, .arguments = large});
  EXPECT_EQ(told(one), (strings{"gap 1-1 1 oversize"}));
  EXPECT_EQ(told(other), strings{});
}

TEST_F(visibilities, a_loss_tells_only_of_what_one_may_see) {
  test_sink sink{log_};
  sink.subscribe(1);
  restrict_to(sink, {{{"*"}, {"shop-7"}}});
  append("a", {"shop-8"});
  append("a", {"shop-7"});
  append("a", {"shop-8"});
  append("a", {"shop-7"});
  append("a", {"shop-8"});
  while (log_.first() <= 5) append("b");
  EXPECT_EQ(told(sink), (strings{"gap 2-4 2 slow"}));
  EXPECT_EQ(sink.at().lost_events(), 2u);
}

TEST_F(visibilities, decide_at_the_moment_of_sending) {
  test_sink sink{log_};
  sink.subscribe(1);
  append("a", {"shop-7"});
  append("a", {"shop-8"});
  log_.cursors().wake();
  ASSERT_TRUE(sink.send(10));
  restrict_to(sink, {{{"*"}, {"shop-9"}}});
  append("a", {"shop-9"});
  EXPECT_EQ(told(sink), (strings{"1", "3"})) << "the frame under way is finished";
  sink.at().restrict_to(nullptr);
  append("b");
  EXPECT_EQ(told(sink), (strings{"1", "3", "4"}));
}

}  // namespace
}  // namespace roombridge::log
