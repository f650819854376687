// SPDX-License-Identifier: MIT
#include "daemon/config/suggest.hpp"

#include <gmock/gmock.h>

#include "tests/unit/config/support.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;

TEST(config_suggest, edit_distance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("rooms", "rooms"), 0u);
  EXPECT_EQ(edit_distance("room", "rooms"), 1u);
  EXPECT_EQ(edit_distance("timeuot", "timeout"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("verify", "level"), 5u);
}

TEST(config_suggest, one_slip_away) {
  EXPECT_THAT(errors_of("upstrem: {}"), ElementsAre("1:1: unknown key \"upstrem\"; did you mean \"upstream\"?"));
  EXPECT_THAT(errors_of("upstream:\n  reconnect:\n    frist: 1s\n"),
              ElementsAre("3:5: upstream.reconnect: unknown key \"frist\"; did you mean \"first\"?"));
  EXPECT_THAT(errors_of("events: {rules: {e: {topic: []}}}"),
              ElementsAre("1:22: events.rules.e: unknown key \"topic\"; did you mean \"topics\"?"));
  EXPECT_THAT(errors_of("upstream: {token: {fil: /x}}"),
              ElementsAre("1:20: upstream.token: unknown key \"fil\"; did you mean \"file\"?"));
}

TEST(config_suggest, belongs_in_another_section) {
  EXPECT_THAT(errors_of("upstream: {verify: false}"),
              ElementsAre("1:12: upstream: unknown key \"verify\"; it belongs in upstream.tls"));
  EXPECT_THAT(errors_of("token: none"), ElementsAre("1:1: unknown key \"token\"; it belongs in upstream"));
  EXPECT_THAT(errors_of("reconnect: {first: 1s}"),
              ElementsAre("1:1: unknown key \"reconnect\"; it belongs in upstream"));
  EXPECT_THAT(errors_of("local: {rooms: []}"),
              ElementsAre("1:9: local: unknown key \"rooms\"; it belongs in the top level or local.access.ITEM"));
  EXPECT_THAT(errors_of("local: {payload: {}}"),
              ElementsAre("1:9: local: unknown key \"payload\"; it belongs in auth or rooms"));
  EXPECT_THAT(
      errors_of("events: {topics: []}"),
      ElementsAre("1:10: events: unknown key \"topics\"; it belongs in events.rules.NAME or local.access.ITEM"));
  EXPECT_THAT(errors_of("file: /x"), ElementsAre("1:1: unknown key \"file\"; it belongs in upstream.token"));
}

TEST(config_suggest, a_slip_is_likelier_than_a_wrong_section_and_that_than_a_resemblance) {
  const std::vector<std::string> paths{"here.limits", "there.limit", "there.limitation"};
  EXPECT_EQ(describe_unknown_key("limit", {"limits"}, paths), "unknown key \"limit\"; did you mean \"limits\"?");
  EXPECT_EQ(describe_unknown_key("limitation", {"limitations_"}, paths),
            "unknown key \"limitation\"; it belongs in there");
  EXPECT_EQ(describe_unknown_key("limitations", {"limitations_of"}, paths),
            "unknown key \"limitations\"; did you mean \"limitations_of\"?");
}

TEST(config_suggest, somewhat_like_a_key_or_like_none) {
  EXPECT_THAT(errors_of("local: {conections_max: 1}"),
              ElementsAre("1:9: local: unknown key \"conections_max\"; known here: socket, mode, owner, group, admins, "
                          "access, connections, "
                          "user_connections, user_subscriptions, user_rooms, user_buffer, ping"));
  EXPECT_THAT(errors_of("local: {conection: 1}"),
              ElementsAre("1:9: local: unknown key \"conection\"; did you mean \"connections\"?"));
  EXPECT_THAT(errors_of("log: {'': 1}"), ElementsAre("1:7: log: unknown key \"\"; known here: capacity, retained"));
  EXPECT_THAT(errors_of("log: {" + std::string(1000, 'x') + ": 1}"),
              ElementsAre("1:7: log: unknown key \"" + std::string(60, 'x') + "…\"; known here: capacity, retained"));
}

TEST(config_suggest, keys_are_not_dotted_and_not_merged) {
  EXPECT_THAT(errors_of("upstream.url: http://x"),
              ElementsAre("1:1: unknown key \"upstream.url\"; keys are not dotted: write sections inside each other"));
  EXPECT_THAT(errors_of("local: &l {}\nlog:\n  <<: *l\n"),
              ElementsAre("3:3: log: unknown key \"<<\"; merge keys are not supported: write the keys out"));
}

}  // namespace
}  // namespace roombridge::config
