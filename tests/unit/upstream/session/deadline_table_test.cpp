// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/deadline_table.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;

const deadline_table::time_point start{};

TEST(deadline_table, takes_what_is_due_once) {
  deadline_table table;
  EXPECT_FALSE(table.soonest());
  table[deadline::ping] = start + seconds{5};
  table[deadline::retry] = start + seconds{3};
  EXPECT_EQ(table.soonest(), start + seconds{3});
  EXPECT_FALSE(table.take_due(deadline::retry, start + seconds{2}));
  EXPECT_TRUE(table.take_due(deadline::retry, start + seconds{3}));
  EXPECT_FALSE(table.take_due(deadline::retry, start + seconds{4}));
  EXPECT_EQ(table.soonest(), start + seconds{5});
  table = {};
  EXPECT_FALSE(table.soonest());
}

}  // namespace
}  // namespace roombridge::upstream
