// SPDX-License-Identifier: MIT
#include "daemon/base/fair_shares.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace roombridge {
namespace {

// How much one who asks for one after the other gets.
std::size_t fill(fair_shares& shares, std::size_t whole, share_holder who) {
  while (shares.fits(whole, who, 1)) shares.take(who.user, 1);
  return shares.of(who.user);
}

TEST(fair_shares, leave_half_to_others_and_less_to_each_that_comes) {
  fair_shares shares;
  EXPECT_EQ(fill(shares, 1200, {1}), 600u);
  EXPECT_EQ(fill(shares, 1200, {2}), 200u);
  EXPECT_EQ(fill(shares, 1200, {3}), 100u);
  EXPECT_EQ(fill(shares, 1200, {1}), 600u) << "gets no more, and loses nothing";
}

TEST(fair_shares, give_all_that_is_free_to_who_looks_after_the_daemon) {
  fair_shares shares;
  (void)fill(shares, 1200, {1});
  EXPECT_EQ(fill(shares, 1200, {0, true}), 600u);
  EXPECT_FALSE(shares.fits(1200, {0, true}, 1));
  EXPECT_FALSE(shares.fits(1200, {2}, 1));
}

TEST(fair_shares, can_be_taken_again_when_they_are_given_back) {
  fair_shares shares;
  (void)fill(shares, 1200, {1});
  (void)fill(shares, 1200, {2});
  shares.give_back(1, 600);
  EXPECT_EQ(fill(shares, 1200, {2}), 600u);
  shares.give_back_all();
  EXPECT_EQ(shares.total(), 0u);
  EXPECT_EQ(fill(shares, 1200, {3}), 600u);
}

TEST(fair_shares, hold_when_the_whole_becomes_smaller_than_what_is_held) {
  fair_shares shares;
  (void)fill(shares, 1200, {1});
  EXPECT_FALSE(shares.fits(100, {1}, 1));
  EXPECT_FALSE(shares.fits(100, {2}, 1));
  EXPECT_FALSE(shares.fits(100, {0, true}, 1));
}

// Whatever users take, in any sizes and any order, the next one gets its part.
TEST(fair_shares, leave_something_to_the_next_whatever_the_others_do) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  constexpr std::size_t whole = 16'384;
  constexpr std::uint64_t users = 12;
  fair_shares shares;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t user = 1 + random() % users;
    const std::size_t amount = 1 + random() % (random() % 4 == 0 ? whole : 400);
    if (random() % 8 == 0) {
      shares.give_back(user, shares.of(user));
    } else if (shares.fits(whole, {user}, amount)) {
      shares.take(user, amount);
    }
    std::size_t holding = 0;
    for (std::uint64_t one = 1; one <= users; ++one) holding += shares.of(one) != 0 ? 1 : 0;
    ASSERT_GE((whole - shares.total()) * (holding + 1), whole) << "step " << step << ", " << holding << " users";
    ASSERT_TRUE(shares.fits(whole, {users + 1}, whole / ((holding + 1) * (holding + 2)))) << "step " << step;
  }
}

}  // namespace
}  // namespace roombridge
