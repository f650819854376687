// SPDX-License-Identifier: MIT
#include "clients/ctl/advice.hpp"

#include <gtest/gtest.h>

#include "daemon/upstream/cause.hpp"

namespace roombridge::ctl {
namespace {

TEST(advice, is_there_for_every_cause_that_the_daemon_names) {
  for (const auto& entry : upstream::cause_table()) {
    if (entry.value == upstream::cause::none) continue;
    EXPECT_FALSE(advice_for(entry.name).empty()) << entry.name;
  }
}

TEST(advice, is_none_for_what_is_not_known) {
  EXPECT_EQ(advice_for(""), "");
  EXPECT_EQ(advice_for("of a later daemon"), "");
}

}  // namespace
}  // namespace roombridge::ctl
