// SPDX-License-Identifier: MIT
#include "daemon/upstream/room_holds.hpp"

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
  for (std::size_t i = 0; i < room_holds::limit; ++i) ASSERT_TRUE(holds.hold(i, std::to_string(i)));
  EXPECT_FALSE(holds.hold(1, "more"));
  EXPECT_TRUE(holds.hold(1, "7")) << "one that is held already";
  ASSERT_TRUE(holds.release(3, "3", start + 5s));
  EXPECT_FALSE(holds.hold(1, "more"));
  holds.expire(start + 5s);
  EXPECT_TRUE(holds.hold(1, "more"));
}

}  // namespace
}  // namespace roombridge::upstream
