// SPDX-License-Identifier: MIT
// Who is served when, against the bound that is promised, with users that do whatever they like.
#include "daemon/local/turns.hpp"

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

// One connection: what each of its requests costs. It asks for the next service while it has some.
struct connection : turn_member {
  connection(turn_user& user, int its_name) : turn_member(user), name(its_name) {}

  std::deque<std::int64_t> requests;
  int name;
};

class turns_of : public testing::Test {
 protected:
  static constexpr turn_limits limits{.turn = 1000, .user = 300, .member = 100};

  connection& member(turn_user& user) {
    return *members_.emplace_back(std::make_unique<connection>(user, static_cast<int>(members_.size())));
  }
  void ask(connection& who, std::int64_t cost) {
    who.requests.push_back(cost);
    turns_.add(who);
  }
  // One turn of the event loop: a service goes on until what it is allowed is spent or passed.
  void turn() {
    turns_.run([this](turn_member& member, std::int64_t allowed) {
      auto& who = static_cast<connection&>(member);
      std::int64_t spent = 0;
      for (; spent < allowed && !who.requests.empty(); who.requests.pop_front()) spent += who.requests.front();
      if (!who.requests.empty()) turns_.add(who);
      served_.push_back(who.name);
      spent_ += spent;
      return spent;
    });
  }

  turns turns_{limits};
  std::vector<std::unique_ptr<connection>> members_;
  std::vector<int> served_;
  std::int64_t spent_ = 0;
};

TEST_F(turns_of, users_come_one_after_the_other_however_many_connections_they_have) {
  turn_user many;
  turn_user one;
  for (int i = 0; i < 5; ++i) ask(member(many), 100);
  connection& alone = member(one);
  for (int i = 0; i < 4; ++i) ask(alone, 100);
  turn();
  EXPECT_EQ(served_, (std::vector<int>{0, 1, 2, 5, 5, 5, 3, 4, 5}));
  EXPECT_TRUE(turns_.empty());
}

TEST_F(turns_of, a_turn_ends_and_goes_on_where_it_was) {
  turn_user user;
  for (int i = 0; i < 15; ++i) ask(member(user), 100);
  turn();
  EXPECT_EQ(served_.size(), 10u);
  EXPECT_FALSE(turns_.empty());
  turn();
  EXPECT_EQ(served_.size(), 15u);
  EXPECT_EQ(served_.back(), 14);
}

TEST_F(turns_of, who_spends_more_than_it_is_allowed_pays_it_back) {
  turn_user dear;
  turn_user cheap;
  connection& first = member(dear);
  for (int i = 0; i < 3; ++i) ask(first, 900);
  connection& second = member(cheap);
  for (int i = 0; i < 30; ++i) ask(second, 100);
  for (int i = 0; i < 9; ++i) turn();
  EXPECT_EQ(served_[0], 0);
  const auto again = std::find(served_.begin() + 1, served_.end(), 0);
  EXPECT_EQ(again - served_.begin(), 8) << "the other one has got what it owes, and a quantum";
}

TEST_F(turns_of, what_is_alone_does_not_wait_for_what_it_owes) {
  turn_user user;
  connection& who = member(user);
  ask(who, 50'000);
  turn();
  ask(who, 100);
  turn();
  EXPECT_TRUE(who.requests.empty());
}

TEST_F(turns_of, nobody_saves_up_what_it_has_not_used) {
  turn_user idle;
  turn_user busy;
  connection& first = member(idle);
  connection& second = member(busy);
  for (int i = 0; i < 50; ++i) {
    ask(first, 1);
    turn();
  }
  served_.clear();
  for (int i = 0; i < 10; ++i) ask(first, 100);
  ask(second, 100);
  turn();
  EXPECT_EQ(std::find(served_.begin(), served_.end(), 1) - served_.begin(), 3);
}

TEST_F(turns_of, one_that_is_gone_is_not_served) {
  turn_user user;
  ask(member(user), 100);
  ask(member(user), 100);
  members_.erase(members_.begin());
  turn();
  EXPECT_EQ(served_, std::vector<int>{1});
}

// However many connections of however many hostile users ask for whatever, a request of a quiet user is served when at
// most this has been spent by others since it came.
TEST_F(turns_of, no_sequence_of_requests_delays_anothers_next_frame_beyond_the_bound) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto draw = [&random](int least, int most) { return std::uniform_int_distribution{least, most}(random); };
  constexpr std::int64_t dearest = 900;  // request
  for (int round = 0; round < 300; ++round) {
    members_.clear();
    turns_ = turns{limits};
    const int hostile = draw(1, 10);
    std::vector<std::unique_ptr<turn_user>> users;
    for (int i = 0; i <= hostile; ++i) users.push_back(std::make_unique<turn_user>());
    std::vector<connection*> attackers;
    for (int i = draw(1, 60); i > 0; --i)
      attackers.push_back(&member(*users[static_cast<std::size_t>(draw(1, hostile))]));
    connection& quiet = member(*users.front());
    const std::int64_t bound = hostile * (limits.user + limits.member + dearest);
    for (int step = 0; step < 50; ++step) {
      for (int i = draw(0, 100); i > 0; --i) {
        ask(*attackers[static_cast<std::size_t>(draw(0, static_cast<int>(attackers.size()) - 1))],
            draw(0, 3) == 0 ? draw(1, dearest) : draw(1, 60));
      }
      if (draw(0, 2) == 0) ask(quiet, draw(1, static_cast<int>(limits.member)));
      const std::int64_t before = spent_;
      while (!quiet.requests.empty()) {
        turn();
        ASSERT_LE(spent_ - before, bound + limits.turn + limits.member + dearest)
            << "round " << round << ", step " << step;
      }
      const std::int64_t at = spent_;
      turn();
      ASSERT_LE(spent_ - at, limits.turn + limits.member + dearest) << "a turn";
    }
    members_.clear();
  }
}

}  // namespace
}  // namespace roombridge::local
