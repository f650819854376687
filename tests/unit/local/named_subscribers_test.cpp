// SPDX-License-Identifier: MIT
#include "daemon/local/named_subscribers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording_storage.hpp"

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::uint64_t epoch = 7;

class named : public testing::Test {
 protected:
  void SetUp() override { book_.configure(3, 1h); }

  // What became of acknowledgements and removals, in their order: "a durable", "b not".
  named_subscribers::kept_function noted(const std::string& what) {
    return [this, what](bool durable) { told_.push_back(what + (durable ? " durable" : " not")); };
  }
  [[nodiscard]] wall_watch::reading reading() const {
    return {std::chrono::steady_clock::time_point{now_}, wall_watch::wall_time{now_ + jumped_}};
  }
  void hold(const subscriber_key& key) { ASSERT_FALSE(book_.hold(key, 100)); }
  void make(const subscriber_key& key, log::sequence seq = 1) {
    hold(key);
    book_.add(key, epoch, seq);
  }
  log::sequence position_of(const subscriber_key& key) {
    const auto* found = book_.find(key);
    return found == nullptr ? 0 : found->seq;
  }

  const subscriber_key till_{1000, "till"};
  const subscriber_key other_{1001, "till"};
  std::chrono::microseconds now_ = 1'000'000us;
  std::chrono::microseconds jumped_ = 0us;  // the wall clock, so far
  recording_storage storage_;
  named_subscribers book_{&storage_, [this] { return reading(); }};
  std::vector<std::string> told_;
};

using strings = std::vector<std::string>;

TEST_F(named, a_name_has_one_holder_and_belongs_to_its_user) {
  hold(till_);
  EXPECT_EQ(book_.hold(till_, 200), 100);
  EXPECT_FALSE(book_.hold(other_, 300)) << "another user's";
  EXPECT_EQ(book_.holder(other_), 300);
  book_.release(till_);
  EXPECT_FALSE(book_.holder(till_));
  EXPECT_FALSE(book_.hold(till_, 400));
  EXPECT_EQ(book_.size(), 0u) << "nobody has subscribed";
  book_.release(till_);
  book_.release(till_);
}

TEST_F(named, a_position_never_moves_backwards) {
  make(till_, 10);
  book_.acknowledge(till_, epoch, 12, noted("12"));
  book_.acknowledge(till_, epoch, 11, noted("11"));
  EXPECT_EQ(position_of(till_), 12u);
  EXPECT_EQ(storage_.slots.at(0).seq, 12u);
  book_.acknowledge(till_, epoch + 1, 3, noted("3"));
  EXPECT_EQ(position_of(till_), 3u) << "of another epoch";
}

TEST_F(named, are_answered_when_the_storage_has_them) {
  make(till_);
  const auto made = storage_.newest;
  book_.acknowledge(till_, epoch, 2, noted("2"));
  book_.acknowledge(till_, epoch, 3, noted("3"));
  book_.acknowledge(till_, epoch, 2, noted("2 again"));
  EXPECT_EQ(told_, strings{});
  book_.settled(made, made);
  EXPECT_EQ(told_, strings{});
  book_.settled(made + 1, made + 1);
  EXPECT_EQ(told_, strings{"2 durable"});
  book_.settled(made + 2, made + 1);
  EXPECT_EQ(told_, (strings{"2 durable", "3 not", "2 again not"})) << "what is known of it is not";
  book_.acknowledge(till_, epoch, 1, noted("1"));
  EXPECT_EQ(told_.back(), "1 not") << "at once";
  book_.settled(made + 2, made + 2);
  book_.when_kept(till_, noted("0"));
  EXPECT_EQ(told_.back(), "0 durable");
}

TEST_F(named, an_answer_may_ask_for_another) {
  make(till_);
  book_.acknowledge(till_, epoch, 2, [this](bool) { book_.acknowledge(till_, epoch, 3, noted("3")); });
  book_.settled(storage_.newest, storage_.newest);
  EXPECT_EQ(told_, strings{});
  book_.settled(storage_.newest, storage_.newest);
  EXPECT_EQ(told_, strings{"3 durable"});
}

TEST_F(named, without_a_storage_are_answered_at_once) {
  named_subscribers book{nullptr, [this] { return reading(); }};
  ASSERT_FALSE(book.hold(till_, 1));
  book.add(till_, epoch, 1);
  book.acknowledge(till_, epoch, 2, noted("2"));
  EXPECT_EQ(told_, strings{"2 not"});
  EXPECT_EQ(book.find(till_)->seq, 2u);
}

TEST_F(named, the_storage_knows_whether_a_connection_has_them) {
  make(till_);
  EXPECT_EQ(storage_.slots.at(0).seen, 0);
  now_ += 5us;
  book_.release(till_);
  EXPECT_EQ(storage_.slots.at(0).seen, now_.count());
  hold(till_);
  EXPECT_EQ(storage_.slots.at(0).seen, 0);
}

TEST_F(named, expire_when_no_connection_has_had_them_for_long) {
  make(till_);
  make(other_);
  book_.release(till_);
  now_ += 1h;
  EXPECT_EQ(book_.size(), 2u) << "not longer than that";
  now_ += 1us;
  EXPECT_EQ(book_.find(till_), nullptr);
  EXPECT_EQ(storage_.slots.size(), 1u);
  EXPECT_NE(book_.find(other_), nullptr) << "a connection has it";
  book_.configure(3, 10ms);
  book_.release(other_);
  now_ += 11ms;
  EXPECT_EQ(book_.size(), 0u);
}

TEST_F(named, are_so_many_of_a_user_at_most) {
  for (const auto* name : {"a", "b", "c"}) make({1000, name});
  EXPECT_THAT(book_.objection_to_another({1000}).value_or(""), HasSubstr("subscribers.per_user"));
  EXPECT_FALSE(book_.objection_to_another({1001}));
  book_.release({1000, "b"});
  ASSERT_EQ(book_.remove({1000, "b"}, noted("b")), named_subscribers::removal::removed);
  EXPECT_FALSE(book_.objection_to_another({1000}));
  make({1000, "d"});
  EXPECT_EQ(storage_.slots.at(1).key.name, "d") << "a place that is free is used again";
}

TEST_F(named, are_so_many_of_all_users_at_most) {
  book_.configure(named_subscribers::most, 1h);
  const auto fill = [this](uid_t user) {
    int count = 0;
    while (!book_.objection_to_another({user})) make({user, std::to_string(count++)});
    return count;
  };
  EXPECT_EQ(fill(1000), 512);
  EXPECT_EQ(fill(1001), 170);
  EXPECT_THAT(book_.objection_to_another({1001}).value_or(""), HasSubstr("170 of the 1024 named subscribers"));
  EXPECT_FALSE(book_.objection_to_another({1001, true}));
  EXPECT_FALSE(book_.objection_to_another({1002}));
}

TEST_F(named, are_removed_when_no_connection_has_them) {
  EXPECT_EQ(book_.remove(till_, noted("x")), named_subscribers::removal::unknown);
  make(till_);
  EXPECT_EQ(book_.remove(till_, noted("x")), named_subscribers::removal::connected);
  book_.release(till_);
  EXPECT_EQ(book_.remove(till_, noted("x")), named_subscribers::removal::removed);
  EXPECT_EQ(book_.find(till_), nullptr);
  EXPECT_TRUE(storage_.slots.empty());
  EXPECT_EQ(told_, strings{});
  book_.settled(storage_.newest, storage_.newest);
  EXPECT_EQ(told_, strings{"x durable"});
}

TEST_F(named, are_not_forgotten_when_the_clock_jumps) {
  for (const auto jump : {24h * 3650, -24h * 7300}) {
    make(till_);
    book_.release(till_);
    now_ += 3s;
    jumped_ += jump;
    EXPECT_EQ(position_of(till_), 1u);
    hold(till_);
    book_.release(till_);
    EXPECT_EQ(position_of(till_), 1u) << jump.count();
    now_ += 1h + 1us;
    EXPECT_EQ(position_of(till_), 0u) << "by the steady clock it is long ago";
  }
}

TEST_F(named, of_an_earlier_life_are_not_forgotten_by_a_clock_that_cannot_be_believed) {
  const auto today = (wall_watch::earliest + 24h * 600).time_since_epoch();
  for (const auto seen : {today - 2h, today + 2h, 5us}) {
    for (const auto starts : {std::chrono::microseconds{today}, std::chrono::microseconds{today + 24h * 3650}, 9us}) {
      now_ = 1s;
      jumped_ = starts - now_;
      named_subscribers book{&storage_, [this] { return reading(); }};
      book.configure(3, 1h);
      book.restore(0, {.key = till_, .epoch = epoch, .seq = 9, .seen = seen.count()});
      EXPECT_NE(book.find(till_), nullptr);
      jumped_ = today - now_;
      EXPECT_NE(book.find(till_), nullptr) << "it was set just now";
      now_ += wall_watch::calm + 1s;
      EXPECT_EQ(book.find(till_) == nullptr, seen == today - 2h) << seen.count() << " " << starts.count();
      now_ += 1h;
      EXPECT_EQ(book.find(till_), nullptr) << "this life alone is long enough";
    }
  }
}

TEST_F(named, are_restored) {
  book_.restore(5, {.key = till_, .epoch = epoch, .seq = 9, .seen = 999'999});
  book_.restore(7, {.key = other_, .epoch = epoch, .seq = 3, .seen = 0});
  EXPECT_EQ(position_of(till_), 9u);
  EXPECT_EQ(book_.find(other_)->seen, now_.count()) << "its connection may have ended only just now";
  book_.when_kept(till_, noted("till"));
  EXPECT_EQ(told_, strings{"till durable"});
  make({1000, "new"});
  EXPECT_EQ(storage_.slots.at(0).key.name, "new");
  hold(till_);
  EXPECT_EQ(storage_.slots.at(5).seq, 9u);
}

TEST_F(named, of_two_with_one_key_the_one_that_was_seen_last_is_restored) {
  const named_subscriber older{.key = till_, .epoch = epoch, .seq = 9, .seen = 10};
  const named_subscriber newer{.key = till_, .epoch = epoch, .seq = 4, .seen = 20};
  for (const bool older_first : {true, false}) {
    recording_storage storage;
    storage.slots = {{1, older}, {2, newer}};
    named_subscribers book{&storage, [] { return wall_watch::reading{}; }};
    book.restore(older_first ? 1 : 2, older_first ? older : newer);
    book.restore(older_first ? 2 : 1, older_first ? newer : older);
    EXPECT_EQ(book.find(till_)->seq, 4u);
    EXPECT_EQ(storage.slots, (std::map<std::size_t, named_subscriber>{{2, newer}}));
  }
}

TEST_F(named, what_cannot_be_is_not_restored) {
  book_.restore(named_subscribers::most, {.key = till_});
  book_.restore(1, {.key = till_, .seen = 1});
  book_.restore(1, {.key = other_, .seen = 1});
  EXPECT_EQ(book_.size(), 1u);
}

TEST_F(named, are_listed) {
  EXPECT_EQ(book_.list({}, epoch, 20), "[]");
  make(till_, 12);
  now_ += 5us;
  make({1000, "quote\""}, 25);
  book_.release({1000, "quote\""});
  make(other_, 7);
  const std::string first =
      R"({"name":"quote\"","uid":1000,"position":{"epoch":"0000000000000007","seq":25},"behind":0,"connected":false,"seen":1000005})";
  const std::string second =
      R"({"name":"till","uid":1000,"position":{"epoch":"0000000000000007","seq":12},"behind":8,"connected":true,"pid":100})";
  EXPECT_EQ(book_.list(1000, epoch, 20), "[" + first + "," + second + "]");
  EXPECT_THAT(book_.list(1000, epoch, {}), testing::Not(testing::HasSubstr("behind")));
  EXPECT_THAT(
      book_.list({}, epoch + 1, 20),
      HasSubstr(R"({"name":"till","uid":1001,"position":{"epoch":"0000000000000007","seq":7},"connected":true)"))
      << "how far it is behind in another epoch is not known";
}

}  // namespace
}  // namespace roombridge::local
