// SPDX-License-Identifier: MIT
#include "daemon/config/changes.hpp"

#include <gmock/gmock.h>

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(config_changes, come_in_the_schemas_order) {
  const settings before;
  settings after = before;
  EXPECT_THAT(changed_keys(before, after), IsEmpty());
  after.level = log_level::error;
  after.upstream.rooms.declared = {"x"};
  EXPECT_THAT(changed_keys(before, after), ElementsAre("rooms.declared", "logging.level"));
}

}  // namespace
}  // namespace roombridge::config
