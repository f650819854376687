// SPDX-License-Identifier: MIT
#include "daemon/service/composition.hpp"

#include <gmock/gmock.h>

namespace roombridge::service {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(composition, the_sessions_own_events_are_reserved) {
  config::settings from;
  from.upstream.auth.success = "welcome";
  from.events.deliver_unknown = false;
  const events::profile made = event_profile(from);
  EXPECT_THAT(made.reserved, Contains("welcome"));
  EXPECT_THAT(made.reserved, Contains("disconnect"));
  EXPECT_FALSE(made.deliver_unknown);
}

TEST(composition, programs_subscribe_by_the_fields_that_any_rule_declares) {
  config::settings from;
  from.events.rules.resize(3);
  from.events.rules[0].fields = {"id", "at"};
  from.events.rules[2].fields = {"who", "id"};
  from.local.connections = 7;
  const local::options made = local_options(from);
  EXPECT_THAT(made.filter_fields, ElementsAre("id", "at", "who"));
  EXPECT_EQ(made.connections, 7u);
}

}  // namespace
}  // namespace roombridge::service
