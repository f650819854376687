// SPDX-License-Identifier: MIT
#include "daemon/local/user_account.hpp"

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

using std::chrono::milliseconds;

TEST(user_account, is_the_sum_of_its_charges) {
  const auto account = std::make_shared<user_account>();
  {
    charge one{account};
    charge other{account};
    charge rooms{account, &user_account::rooms};
    one.set(10);
    other.set(5);
    other.set(7);
    rooms.set(3);
    EXPECT_EQ(account->bytes, 17u);
    EXPECT_EQ(account->rooms, 3u);
    EXPECT_EQ(other.amount(), 7u);
  }
  EXPECT_EQ(account->bytes, 0u);
  EXPECT_EQ(account->rooms, 0u);
}

TEST(user_accounts, a_user_has_one_and_who_comes_back_soon_finds_it) {
  const rate_limit::time_point now{std::chrono::hours{1}};
  user_accounts accounts;
  auto account = accounts.of(7, now);
  EXPECT_EQ(accounts.of(7, now), account);
  EXPECT_NE(accounts.of(8, now), account);
  EXPECT_EQ(account->emits.take(now, 10, 2).count(), 0);
  account.reset();
  EXPECT_FALSE(accounts.of(7, now + milliseconds{99})->emits.is_full(now + milliseconds{99}));
  EXPECT_EQ(accounts.size(), 1u) << "nothing is known of user 8 that a new account would not say";
  EXPECT_TRUE(accounts.of(9, now + milliseconds{100}));
  EXPECT_EQ(accounts.size(), 1u);
}

TEST(user_accounts, those_that_hold_too_much) {
  user_accounts accounts;
  const auto account = accounts.of(7, {});
  charge held{account};
  held.set(100);
  EXPECT_TRUE(accounts.above(100).empty());
  ASSERT_EQ(accounts.above(99).size(), 1u);
  EXPECT_EQ(accounts.above(99).front(), 7u);
}

}  // namespace
}  // namespace roombridge::local
