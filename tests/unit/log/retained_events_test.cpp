// SPDX-License-Identifier: MIT
#include "daemon/log/retained_events.hpp"

#include <gtest/gtest.h>

namespace roombridge::log {
namespace {

class retaining : public testing::Test {
 protected:
  void put(std::string_view key, std::string_view frame = "frame") {
    const std::vector<matched_text> topics{"shop-7", "user-3"};
    const std::vector<matched_text> fields{"shopId=7"};
    retained_.put(key, ++seq_, {}, {.name = "name", .topics = topics, .fields = fields}, frame);
  }
  std::vector<sequence> all() const {
    std::vector<sequence> out;
    for (auto next = retained_.next(0); next; next = retained_.next(next->seq)) out.push_back(next->seq);
    return out;
  }

  using numbers = std::vector<sequence>;
  retained_events retained_{{.keys = 3, .bytes = 1000}};
  sequence seq_ = 0;
};

TEST_F(retaining, keeps_the_newest_of_each_key) {
  put("a");
  put("b");
  put("a", "newer");
  EXPECT_EQ(all(), (numbers{2, 3}));
  const auto newest = *retained_.next(2);
  EXPECT_EQ(newest.name, "name");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(newest.frame.data()), newest.frame.size()), "newer");
  EXPECT_EQ(newest.matched_name(), "name");
  EXPECT_EQ(newest.topics.size(), 2u);
  EXPECT_TRUE(newest.topics.contains("user-3"));
  EXPECT_EQ(newest.fields.size(), 1u);
  EXPECT_TRUE(newest.fields.contains("shopId=7"));
  EXPECT_TRUE(newest.topics.any_of([](std::string_view topic) { return topic == "user-3"; }));
  EXPECT_FALSE(newest.topics.any_of([](std::string_view topic) { return topic == "user"; }));
}

// Of another name, size, topics and shape than the one before it.
TEST_F(retaining, a_newer_event_leaves_nothing_of_the_older) {
  put("a", std::string(500, 'x'));
  put("b");
  const matched_text topic{"shop-8"};
  retained_.put("a", ++seq_, {}, {.name = "other", .topics = std::span{&topic, 1}, .unexpected = true}, "newest");
  const auto newest = *retained_.next(2);
  EXPECT_EQ(newest.name, "other");
  EXPECT_EQ(newest.frame.size(), 6u);
  EXPECT_EQ(newest.topics.size(), 1u);
  EXPECT_TRUE(newest.topics.any_of([](std::string_view each) { return each == "shop-8"; }));
  EXPECT_TRUE(newest.unexpected);
  const auto other = *retained_.next(0);
  EXPECT_EQ(other.seq, 2u);
  EXPECT_EQ(retained_.size(), 2u);
  EXPECT_LT(retained_.bytes(), 100u);
}

TEST_F(retaining, lets_the_oldest_give_way) {
  for (const auto* key : {"a", "b", "c", "d"}) put(key);
  EXPECT_EQ(all(), (numbers{2, 3, 4}));
  put("e", std::string(890, 'x'));
  EXPECT_EQ(all(), (numbers{4, 5})) << "bytes count, too";
  EXPECT_LE(retained_.bytes(), 1000u);
  put("f", std::string(1000, 'x'));
  EXPECT_EQ(all(), (numbers{4, 5})) << "too large by itself";
}

TEST_F(retaining, an_event_too_large_ends_what_is_true_no_more) {
  put("a");
  put("a", std::string(1000, 'x'));
  EXPECT_EQ(all(), numbers{});
  EXPECT_EQ(retained_.bytes(), 0u);
  put("a");
  EXPECT_EQ(all(), numbers{3});
}

TEST_F(retaining, keeps_new_limits) {
  for (const auto* key : {"a", "b", "c"}) put(key);
  retained_.configure({.keys = 1, .bytes = 1000});
  EXPECT_EQ(all(), numbers{3});
  retained_.configure({.keys = 0, .bytes = 1000});
  put("d");
  EXPECT_EQ(all(), numbers{});
  retained_.configure({.keys = 1, .bytes = 1000});
  put("e");
  retained_.clear();
  EXPECT_EQ(retained_.size(), 0u);
  EXPECT_EQ(retained_.bytes(), 0u);
}

}  // namespace
}  // namespace roombridge::log
