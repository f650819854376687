// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/room_holds.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;

constexpr room_holds::time_point start{};

TEST(room_holds, counts_programs_and_not_how_often_they_ask) {
  room_holds holds;
  EXPECT_FALSE(holds.has("a"));
  EXPECT_TRUE(holds.hold(1, "a"));
  EXPECT_TRUE(holds.hold(1, "a"));
  EXPECT_TRUE(holds.hold(2, "a"));
  EXPECT_EQ(holds.holders("a"), 2u);
  EXPECT_TRUE(holds.release(1, "a", std::nullopt));
  EXPECT_FALSE(holds.release(1, "a", std::nullopt)) << "twice";
  EXPECT_FALSE(holds.release(2, "b", std::nullopt)) << "another room";
  EXPECT_TRUE(holds.has("a"));
  EXPECT_TRUE(holds.release(2, "a", std::nullopt));
  EXPECT_FALSE(holds.has("a"));
  EXPECT_TRUE(holds.rooms().empty());
}

TEST(room_holds, a_room_lingers_behind_its_last_holder) {
  room_holds holds;
  ASSERT_TRUE(holds.hold(1, "a"));
  ASSERT_TRUE(holds.hold(2, "a"));
  EXPECT_TRUE(holds.release(1, "a", start + 5s));
  EXPECT_FALSE(holds.next_deadline()) << "another one holds it";
  EXPECT_TRUE(holds.release(2, "a", start + 10s));
  EXPECT_EQ(holds.next_deadline(), start + 10s);
  holds.expire(start + 10s - 1ms);
  EXPECT_TRUE(holds.has("a"));
  EXPECT_EQ(holds.holders("a"), 0u);
  holds.expire(start + 10s);
  EXPECT_FALSE(holds.has("a"));
  EXPECT_FALSE(holds.next_deadline());
}

TEST(room_holds, a_holder_that_comes_back_in_time_ends_the_lingering) {
  room_holds holds;
  ASSERT_TRUE(holds.hold(1, "a"));
  ASSERT_TRUE(holds.release(1, "a", start + 10s));
  ASSERT_TRUE(holds.hold(2, "a"));
  EXPECT_FALSE(holds.next_deadline());
  holds.expire(start + 1h);
  EXPECT_TRUE(holds.has("a"));
}

TEST(room_holds, lingering_can_be_ended_for_all) {
  room_holds holds;
  ASSERT_TRUE(holds.hold(1, "a") && holds.hold(1, "b") && holds.hold(1, "c"));
  ASSERT_TRUE(holds.release(1, "a", start + 10s) && holds.release(1, "b", start + 5s));
  EXPECT_EQ(holds.next_deadline(), start + 5s);
  holds.stop_lingering();
  EXPECT_FALSE(holds.has("a") || holds.has("b"));
  EXPECT_TRUE(holds.has("c"));
}

TEST(room_holds, are_bounded_those_that_linger_included) {
  room_holds holds;
  for (std::size_t i = 0; i < room_holds::limit / 2; ++i) ASSERT_TRUE(holds.hold(i, std::to_string(i)));
  EXPECT_FALSE(holds.hold(1, "more"));
  EXPECT_TRUE(holds.hold(1, "7")) << "one that is held already";
  ASSERT_TRUE(holds.release(3, "3", start + 5s));
  EXPECT_FALSE(holds.hold(1, "more"));
  holds.expire(start + 5s);
  EXPECT_TRUE(holds.hold(1, "more"));
}

TEST(room_holds, count_for_one_of_those_who_hold_them) {
  room_holds holds;
  const share_holder till{1000};
  const share_holder printer{1001};
  ASSERT_TRUE(holds.hold(1, "a", till) && holds.hold(2, "a", printer) && holds.hold(3, "a", till));
  EXPECT_EQ(holds.shares().of(1000), 1u);
  EXPECT_EQ(holds.shares().of(1001), 0u);
  ASSERT_TRUE(holds.release(1, "a", start + 5s));
  EXPECT_EQ(holds.shares().of(1000), 1u) << "another program of this user holds it";
  ASSERT_TRUE(holds.release(3, "a", start + 5s));
  EXPECT_EQ(holds.shares().of(1001), 1u);
  ASSERT_TRUE(holds.release(2, "a", start + 5s));
  EXPECT_EQ(holds.shares().of(1001), 1u) << "it lingers";
  ASSERT_TRUE(holds.hold(1, "a", till));
  EXPECT_EQ(holds.shares().of(1000), 1u);
  ASSERT_TRUE(holds.release(1, "a", start + 5s));
  holds.expire(start + 5s);
  EXPECT_EQ(holds.shares().total(), 0u);
}

TEST(room_holds, leave_some_to_other_users_and_all_that_is_free_to_administrators) {
  room_holds holds;
  const auto fill = [&holds](share_holder who) {
    std::size_t count = 0;
    while (holds.hold(who.user, std::to_string(who.user) + '-' + std::to_string(count), who)) ++count;
    return count;
  };
  EXPECT_EQ(fill({1000}), 256u);
  EXPECT_EQ(fill({1001}), 85u);
  EXPECT_EQ(fill({0, true}), 171u);
  EXPECT_EQ(fill({1002}), 0u);
  EXPECT_TRUE(holds.hold(7, "1000-1", {1002})) << "a room that is there costs nothing";
}

}  // namespace
}  // namespace roombridge::upstream
