// SPDX-License-Identifier: MIT
#include "daemon/log/wake_index.hpp"

#include <map>

#include "support.hpp"

namespace roombridge::log {
namespace {

// The index alone, its cursors being names.
class waking : public testing::Test {
 protected:
  void add(const std::string& who, std::vector<std::string> events, std::vector<std::string> topics,
           std::vector<pattern_list> fields = {}) {
    subscription what{.id = 1, .events = std::move(events), .topics = std::move(topics), .fields = std::move(fields)};
    auto& known = known_[who];
    known.sink = std::make_unique<test_sink>(log_);
    known.what = what;
    known.places = index_.add(known.sink->at(), what);
  }
  void remove(const std::string& who) {
    index_.remove(known_.at(who).what, std::move(known_.at(who).places));
    known_.erase(who);
  }
  void touch(std::string_view name, const std::vector<matched_text>& topics,
             const std::vector<matched_text>& fields = {}) {
    index_.touch({.name = name, .topics = topics, .fields = fields}, {.seq = next_++});
  }
  // Who is woken, with the first and the last seq of each of its nodes.
  std::multimap<std::string, std::pair<sequence, sequence>> woken() {
    std::multimap<std::string, std::pair<sequence, sequence>> out;
    index_.collect([&](cursor& who, const position& first, sequence last) {
      for (const auto& [name, known] : known_) {
        if (&known.sink->at() == &who) out.emplace(name, std::pair{first.seq, last});
      }
    });
    return out;
  }

  struct entry {
    std::unique_ptr<test_sink> sink;
    subscription what;
    wake_index::memberships places;
  };
  event_log log_{small_log, 1};
  wake_index index_;
  std::map<std::string, entry> known_;
  sequence next_ = 1;
};

using wakes = std::multimap<std::string, std::pair<sequence, sequence>>;

TEST_F(waking, marks_the_range_that_may_concern) {
  add("all", {}, {});
  add("a", {"a"}, {});
  add("t", {}, {"t"});
  touch("b", {});
  touch("a", {"t"});
  touch("a", {});
  touch("b", {});
  EXPECT_EQ(woken(), (wakes{{"all", {1, 4}}, {"a", {2, 3}}, {"t", {2, 2}}}));
  EXPECT_EQ(woken(), wakes{});
  touch("a", {});
  EXPECT_EQ(woken(), (wakes{{"all", {5, 5}}, {"a", {5, 5}}}));
}

TEST_F(waking, topics_select_before_events) {
  add("x", {"a"}, {"t"});
  touch("a", {});
  EXPECT_EQ(woken(), wakes{});
  touch("b", {"t"});
  EXPECT_EQ(woken(), (wakes{{"x", {2, 2}}}));
}

TEST_F(waking, any_topic_leaves_the_choice_to_the_events) {
  add("x", {"a"}, {"t", "*"});
  touch("b", {"t"});
  EXPECT_EQ(woken(), wakes{});
  touch("a", {"u"});
  EXPECT_EQ(woken(), (wakes{{"x", {2, 2}}}));
}

TEST_F(waking, fields_select_before_events_and_behind_topics) {
  add("field", {"a"}, {"*"}, {{"f=1"}});
  add("topic", {"a"}, {"t"}, {{"f=1"}});
  touch("a", {"u"}, {"f=2"});
  EXPECT_EQ(woken(), wakes{});
  touch("b", {}, {"f=1"});
  EXPECT_EQ(woken(), (wakes{{"field", {2, 2}}}));
  touch("b", {"t"}, {"f=2"});
  EXPECT_EQ(woken(), (wakes{{"topic", {3, 3}}}));
}

TEST_F(waking, each_value_of_the_first_field_wakes) {
  add("x", {}, {}, {{"f=1", "f=2"}, {"g=1"}});
  touch("a", {}, {"g=1"});
  EXPECT_EQ(woken(), wakes{});
  touch("a", {}, {"g=2", "f=2"});
  touch("a", {}, {"f=1"});
  EXPECT_EQ(woken(), (wakes{{"x", {2, 2}}, {"x", {3, 3}}}));
  remove("x");
  touch("a", {}, {"f=1"});
  EXPECT_EQ(woken(), wakes{});
}

TEST_F(waking, a_value_that_ends_with_a_star_is_no_prefix) {
  add("x", {}, {}, {pattern_list{{pattern::exactly("f=a*")}}});
  touch("a", {}, {"f=ab"});
  EXPECT_EQ(woken(), wakes{});
  touch("a", {}, {"f=a*"});
  EXPECT_EQ(woken(), (wakes{{"x", {2, 2}}}));
  remove("x");
}

TEST_F(waking, prefixes_of_all_lengths) {
  add("any", {"*"}, {});
  add("s", {}, {"s*"});
  add("shop", {}, {"shop-*"});
  touch("e", {"s"});
  EXPECT_EQ(woken(), (wakes{{"any", {1, 1}}, {"s", {1, 1}}}));
  touch("e", {"shop-7"});
  EXPECT_EQ(woken(), (wakes{{"any", {2, 2}}, {"s", {2, 2}}, {"shop", {2, 2}}}));
}

TEST_F(waking, whoever_has_left_is_not_woken) {
  add("x", {}, {"t", "p*"});
  add("y", {}, {"p*"});
  touch("e", {"t", "pq"});
  remove("x");
  EXPECT_EQ(woken(), (wakes{{"y", {1, 1}}}));
  remove("y");
  touch("e", {"t", "pq"});
  EXPECT_EQ(woken(), wakes{});
}

TEST_F(waking, a_prefix_stays_when_another_of_its_length_leaves) {
  add("x", {}, {"p*"});
  add("y", {}, {"q*"});
  remove("x");
  touch("e", {"qr"});
  EXPECT_EQ(woken(), (wakes{{"y", {1, 1}}}));
}

TEST_F(waking, nodes_come_in_the_order_of_their_first_record) {
  add("x", {}, {"t", "u"});
  touch("e", {"u"});
  touch("e", {"t"});
  touch("e", {"u"});
  std::vector<sequence> firsts;
  index_.collect([&firsts](cursor&, const position& first, sequence) { firsts.push_back(first.seq); });
  EXPECT_EQ(firsts, (std::vector<sequence>{1, 2}));
}

TEST_F(waking, everyone_by_an_upstream_gap) {
  add("x", {"a"}, {"t"});
  add("y", {}, {});
  index_.touch_all({.seq = 9});
  EXPECT_EQ(woken(), (wakes{{"x", {9, 9}}, {"y", {9, 9}}}));
}

}  // namespace
}  // namespace roombridge::log
