// SPDX-License-Identifier: MIT
// What cursors look at is counted, and bounded.
#include "support.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "daemon/log/cursor.hpp"

namespace roombridge::log {
namespace {

// Of 64 patterns in a subscription, none of which matches.
std::vector<std::string> in_vain(const std::string& beginning) {
  std::vector<std::string> out;
  for (int i = 0; i < 64; ++i) out.push_back(beginning + std::to_string(i));
  return out;
}

class work_of_cursors : public testing::Test {
 protected:
  void append(std::string_view name, std::string_view topic) {
    log_.append({.name = name, .topics = std::span{&topic, 1}, .arguments = "1"});
  }

  event_log log_{small_log, 7};
};

TEST_F(work_of_cursors, ends_with_what_is_allowed_and_looks_at_one_record_at_least) {
  test_sink sink{log_};
  sink.subscribe(1, {}, in_vain("never-"));
  sink.subscribe(2, {}, {"x"});
  append("a", "x");
  append("a", "y");
  append("a", "y");
  append("a", "x");
  log_.cursors().wake();
  const auto look = [&sink](std::int64_t units) {
    batch events;
    work allowed{units};
    sink.at().collect(events, SIZE_MAX, allowed);
    sink.at().sent(events, events.bytes());
    return sink.at().behind();
  };
  EXPECT_EQ(look(0), 3u);
  EXPECT_EQ(look(1), 2u);
  EXPECT_EQ(look(1000), 0u);
  EXPECT_EQ(sink.at().delivered(), 2u);
}

TEST_F(work_of_cursors, is_counted_for_each_pattern_and_each_text_that_may_be_compared) {
  test_sink sink{log_};
  sink.subscribe(1);
  sink.subscribe(2, {"a"}, {"x", "y"});
  record what{};
  const std::size_t to_read = sink.at().cost_of(what) - 5;
  const std::array<std::byte, 1> nowhere{};
  what.topics = {nowhere.data(), 3};
  EXPECT_EQ(sink.at().cost_of(what), to_read + 5 * 4);
  sink.at().unsubscribe(2);
  EXPECT_EQ(sink.at().cost_of(what), to_read + 1 * 4);
}

// A log of two segments, and users whose cursors stand in the first when it is given up.
class cursors_that_are_too_slow : public testing::Test {
 protected:
  void fill(std::size_t first, std::size_t count) {
    for (std::size_t seq = first; seq < first + count; ++seq) {
      const std::string_view topic = seq % 2 == 0 ? "y" : "x";
      log_.append({.name = "a", .topics = std::span{&topic, 1}, .arguments = "1"});
    }
    log_.cursors().wake();
  }

  event_log log_{{.segment_bytes = 4u << 20, .segments = 2, .max_body = 400}, 7};
};

TEST_F(cursors_that_are_too_slow, are_told_a_gap_without_a_count_once_their_users_work_for_it_is_spent) {
  const int greedy_user = 1;
  const int other_user = 2;
  std::vector<std::unique_ptr<test_sink>> greedy;
  for (int i = 0; i < 20; ++i) {
    greedy.push_back(std::make_unique<test_sink>(log_, &greedy_user));
    for (std::uint64_t id = 1; id <= 20; ++id) greedy.back()->subscribe(id, {}, in_vain("never-"));
    greedy.back()->subscribe(99, {}, {"x"});
  }
  test_sink other{log_, &other_user};
  other.subscribe(1, {}, {"x"});
  fill(1, 200'000);
  const sequence lost = log_.first() - 1;
  ASSERT_GT(lost, 1000u);
  const sequence last = lost % 2 == 0 ? lost - 1 : lost;
  EXPECT_TRUE(other.at().lost() && !other.at().lost()->hole);
  EXPECT_EQ(other.at().lost()->events, (last + 1) / 2);
  EXPECT_EQ(other.at().lost()->last, last);
  std::size_t without_count = 0;
  for (const auto& each : greedy) {
    ASSERT_TRUE(each->at().lost());
    EXPECT_EQ(each->at().lost()->first, 1u);
    EXPECT_GE(each->at().lost()->last, last);
    EXPECT_EQ(each->losses, 1);
    if (each->at().lost()->hole) ++without_count;
  }
  EXPECT_GE(without_count, 19u);
}

TEST_F(cursors_that_are_too_slow, learn_of_the_epoch_without_having_looked) {
  const int user = 1;
  log_.start_epoch(8);
  std::vector<std::unique_ptr<test_sink>> greedy;
  for (int i = 0; i < 20; ++i) {
    greedy.push_back(std::make_unique<test_sink>(log_, &user));
    for (std::uint64_t id = 1; id <= 20; ++id) greedy.back()->subscribe_after(0, id, {}, in_vain("never-"));
    greedy.back()->subscribe_after(0, 99, {}, {"x"});
  }
  fill(2, 200'000);
  std::size_t without_looking = 0;
  for (const auto& each : greedy) {
    ASSERT_TRUE(each->at().lost());
    EXPECT_TRUE(each->at().lost()->new_epoch);
    if (each->at().lost()->hole) ++without_looking;
  }
  EXPECT_GE(without_looking, 19u);
}

}  // namespace
}  // namespace roombridge::log
