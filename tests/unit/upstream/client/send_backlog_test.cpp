// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/send_backlog.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

constexpr std::size_t whole = 1200;

TEST(send_backlog, leaves_room_for_others) {
  send_backlog backlog;
  EXPECT_TRUE(backlog.takes(whole, {1}, 100'000)) << "nothing of it waits";
  backlog.add(1, 600);
  EXPECT_FALSE(backlog.takes(whole, {1}, 1));
  EXPECT_TRUE(backlog.takes(whole, {2}, 1));
  backlog.add(2, 200);
  EXPECT_FALSE(backlog.takes(whole, {2}, 1));
  EXPECT_TRUE(backlog.takes(whole, {2, true}, 1));
}

TEST(send_backlog, gives_back_what_has_left_in_its_order) {
  send_backlog backlog;
  backlog.add(1, 400);
  backlog.add(2, 200);
  backlog.add(1, 200);
  backlog.settle(800);
  EXPECT_EQ(backlog.shares().of(1), 600u);
  backlog.settle(799);
  EXPECT_EQ(backlog.shares().of(1), 200u) << "a part that has begun to leave is gone";
  EXPECT_EQ(backlog.shares().of(2), 200u);
  backlog.settle(0);
  EXPECT_EQ(backlog.shares().total(), 0u);
}

TEST(send_backlog, counts_what_waits_behind_packets_of_the_session) {
  send_backlog backlog;
  backlog.add(1, 400);
  backlog.settle(1000);
  EXPECT_EQ(backlog.shares().of(1), 400u);
}

}  // namespace
}  // namespace roombridge::upstream
