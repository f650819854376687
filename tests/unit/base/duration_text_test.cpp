// SPDX-License-Identifier: MIT
#include "daemon/base/duration_text.hpp"

#include <gtest/gtest.h>

namespace roombridge {
namespace {

using namespace std::chrono_literals;

TEST(duration_text, has_two_units_at_most) {
  EXPECT_EQ(duration_text(-5s), "0 ms");
  EXPECT_EQ(duration_text(0s), "0 ms");
  EXPECT_EQ(duration_text(999'999us), "999 ms");
  EXPECT_EQ(duration_text(1s), "1 s");
  EXPECT_EQ(duration_text(1550ms), "1.5 s");
  EXPECT_EQ(duration_text(59'999ms), "59.9 s");
  EXPECT_EQ(duration_text(1min), "1 min");
  EXPECT_EQ(duration_text(150s), "2 min 30 s");
  EXPECT_EQ(duration_text(2h), "2 h");
  EXPECT_EQ(duration_text(27h + 90s), "27 h 1 min");
}

}  // namespace
}  // namespace roombridge
