// SPDX-License-Identifier: MIT
#include "daemon/local/deadline_queue.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace roombridge::local {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct test_entry final : deadline_entry {
  void on_deadline() override {}
};

class deadlines : public testing::Test {
 protected:
  const steady_time now_ = std::chrono::steady_clock::now();
  io::context context_;
  int fired_ = 0;
  deadline_queue queue_{context_.get_executor(), [this] { ++fired_; }};
};

TEST_F(deadlines, come_in_their_order) {
  test_entry late;
  test_entry early;
  test_entry moved;
  test_entry dropped;
  queue_.set(late, now_ + hours{3});
  queue_.set(early, now_ + hours{1});
  queue_.set(moved, now_);
  queue_.set(dropped, now_);
  queue_.set(moved, now_ + hours{2});
  queue_.clear(dropped);
  {
    test_entry gone;
    queue_.set(gone, now_);
  }
  EXPECT_EQ(queue_.take_due(now_), nullptr);
  EXPECT_EQ(queue_.take_due(now_ + hours{2}), &early);
  EXPECT_EQ(queue_.take_due(now_ + hours{2}), &moved);
  EXPECT_EQ(queue_.take_due(now_ + hours{2}), nullptr);
  EXPECT_EQ(queue_.take_due(now_ + hours{3}), &late);
}

TEST_F(deadlines, the_timer_fires_for_the_earliest) {
  test_entry late;
  test_entry early;
  queue_.set(late, now_ + hours{1});
  queue_.set(early, now_ - milliseconds{1});
  context_.run_one();
  EXPECT_EQ(fired_, 0) << "the first wait was given up";
  context_.run_one();
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(queue_.take_due(now_), &early);
  queue_.arm();
  queue_.set(early, now_ - milliseconds{1});
  context_.restart();
  while (fired_ < 2 && context_.run_one() > 0) {
  }
  EXPECT_EQ(fired_, 2);
}

TEST_F(deadlines, a_queue_that_is_gone_fires_no_more) {
  auto queue = std::make_unique<deadline_queue>(context_.get_executor(), [this] { ++fired_; });
  test_entry entry;
  queue->set(entry, now_ - milliseconds{1});
  queue.reset();
  context_.run();
  EXPECT_EQ(fired_, 0);
}

}  // namespace
}  // namespace roombridge::local
