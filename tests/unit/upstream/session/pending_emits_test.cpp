// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/pending_emits.hpp"

#include <gmock/gmock.h>

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const pending_emits::time_point start{};

TEST(pending_emits, expire_in_the_order_of_their_deadlines) {
  pending_emits waiting;
  waiting.add(1, 7, start + seconds{3});
  waiting.add(2, 7, start + seconds{1});
  waiting.add(3, 8, start + seconds{2});
  EXPECT_EQ(waiting.next_deadline(), start + seconds{1});
  EXPECT_THAT(waiting.take_expired(start + seconds{2}), ElementsAre(2u, 3u));
  EXPECT_FALSE(waiting.take(2)) << "it is given up";
  EXPECT_TRUE(waiting.take(1));
  EXPECT_FALSE(waiting.next_deadline());
}

TEST(pending_emits, what_is_taken_makes_room_for_its_user) {
  pending_emits waiting;
  std::uint64_t id = 0;
  while (!waiting.objection_to_another({7})) waiting.add(id++, 7, start + seconds{1});
  EXPECT_EQ(id, pending_emits::most / 2) << "who is alone gets half";
  EXPECT_THAT(*waiting.objection_to_another({7}), HasSubstr("emits that wait for the server's acknowledgement"));
  EXPECT_FALSE(waiting.objection_to_another({8}));
  EXPECT_TRUE(waiting.take(0));
  EXPECT_FALSE(waiting.objection_to_another({7}));
  EXPECT_EQ(waiting.take_all().size(), id - 1);
  EXPECT_THAT(waiting.take_all(), IsEmpty());
  EXPECT_FALSE(waiting.objection_to_another({7}));
}

}  // namespace
}  // namespace roombridge::upstream
