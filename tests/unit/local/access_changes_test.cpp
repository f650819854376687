// SPDX-License-Identifier: MIT
#include "daemon/local/access_changes.hpp"

#include <gmock/gmock.h>

namespace roombridge::local {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const access_rule for_a_user{{"till"}, {}, false, {"*"}, {"*"}, {}, {}};
const access_rule for_everyone{{}, {}, true, {"order", "bill"}, {"shop-7"}, {}, {}};

std::vector<std::string> told(std::vector<access_rule> before, std::vector<access_rule> after) {
  options old, changed;
  old.access = std::move(before);
  changed.access = std::move(after);
  std::vector<std::string> out;
  for (const objection& each : opened_to_everyone(old, changed)) {
    EXPECT_FALSE(each.fatal);
    out.push_back(each.key + ": " + each.text);
  }
  return out;
}

TEST(access_changes, tell_what_is_opened_to_everyone) {
  EXPECT_THAT(told({for_a_user}, {for_a_user, for_everyone}),
              ElementsAre("local.access[1].everyone: from now on whoever may open the socket may see events order, "
                          "bill with the topics shop-7; if that is not meant, name users or groups instead"));
  access_rule wider = for_everyone;
  wider.rooms = {"table-*"};
  wider.emits = {"a", "b", "c", "d", "e", "f", "g"};
  EXPECT_THAT(told({for_everyone}, {wider}),
              ElementsAre("local.access[0].everyone: from now on whoever may open the socket may see events order, "
                          "bill with the topics shop-7; hold rooms table-*; send events a, b, c, d, e and 2 more; if "
                          "that is not meant, name users or groups instead"));
}

TEST(access_changes, do_not_tell_what_was_so_before_or_is_granted_to_some) {
  EXPECT_THAT(told({for_everyone}, {for_a_user, for_everyone}), IsEmpty());
  EXPECT_THAT(told({}, {for_a_user}), IsEmpty());
  EXPECT_THAT(told({for_everyone}, {}), IsEmpty());
  EXPECT_THAT(told({}, {access_rule{{}, {}, true, {}, {}, {}, {}}}), IsEmpty()) << "it grants nothing";
}

}  // namespace
}  // namespace roombridge::local
