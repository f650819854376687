// SPDX-License-Identifier: MIT
#include "daemon/local/access_rules.hpp"

#include <gmock/gmock.h>

#include <iostream>
#include <random>

#include "support.hpp"
#include "tests/unit/local/naive_access.hpp"

namespace roombridge::local {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using patterns = std::vector<std::string>;

constexpr uid_t own = 990;

class rules : public testing::Test {
 protected:
  static access_rule everyone(patterns events, patterns topics, patterns rooms = {}, patterns emits = {}) {
    return {{}, {}, true, std::move(events), std::move(topics), std::move(rooms), std::move(emits)};
  }
  static access_rule user(const std::string& name, patterns events, patterns topics) {
    return {{name}, {}, false, std::move(events), std::move(topics), {}, {}};
  }
  static access_rule group(const std::string& name, patterns events, patterns topics) {
    return {{}, {name}, false, std::move(events), std::move(topics), {}, {}};
  }
  access_rules make(std::vector<access_rule> access) {
    options_.access = std::move(access);
    return {options_, own};
  }
  shared_rights stranger(std::vector<access_rule> access) { return make(std::move(access)).of({1, 1000, 1000, {}}); }

  static std::string objection(const rights& may, patterns events, patterns topics) {
    return may.objection_to({.id = 1, .events = std::move(events), .topics = std::move(topics)}).value_or("");
  }

  options options_;
};

TEST_F(rules, without_any_in_the_config_nobody_may_do_anything) {
  access_rules access{options{}, own};
  const auto may = access.of({1, 1000, 1000, {}});
  EXPECT_TRUE(may->sees_nothing());
  EXPECT_FALSE(may->may_emit("a"));
  EXPECT_FALSE(may->may_hold("shop-7"));
  EXPECT_FALSE(may->may_know("shop-7"));
  EXPECT_FALSE(may->control());
}

TEST_F(rules, may_let_everyone_see_everything_and_do_nothing) {
  const auto may = stranger({everyone({"*"}, {"*"})});
  EXPECT_EQ(may->visible(), nullptr);
  EXPECT_EQ(objection(*may, {"*"}, {"*"}), "");
  EXPECT_FALSE(may->may_emit("a"));
  EXPECT_FALSE(may->may_hold("shop-7"));
  EXPECT_TRUE(may->may_know("shop-7"));
  EXPECT_FALSE(may->control());
}

TEST_F(rules, root_and_the_daemons_user_may_everything) {
  auto access = make({});
  for (const uid_t user : {uid_t{0}, own}) {
    const auto may = access.of({1, user, 1000, {}});
    EXPECT_TRUE(may->control());
    EXPECT_EQ(may->visible(), nullptr);
    EXPECT_TRUE(may->may_emit("a"));
    EXPECT_TRUE(may->may_hold("shop-7"));
  }
  const auto none = access.of({1, 1000, 0, {0, own}});
  EXPECT_FALSE(none->control()) << "their groups are nothing special";
  ASSERT_NE(none->visible(), nullptr);
  EXPECT_THAT(none->visible()->grants(), IsEmpty());
}

TEST_F(rules, name_users_groups_and_everyone) {
  auto access = make({user("1001", {"u"}, {"*"}), group("2002", {"g"}, {"*"}), everyone({"e"}, {"*"})});
  const auto seen = [&access](const credentials& who) {
    patterns out;
    for (const auto& each : access.of(who)->told().see) out.push_back(each.events.front());
    return out;
  };
  EXPECT_THAT(seen({1, 1001, 5, {}}), ElementsAre("u", "e"));
  EXPECT_THAT(seen({1, 5, 2002, {}}), ElementsAre("g", "e"));
  EXPECT_THAT(seen({1, 5, 5, {7, 2002}}), ElementsAre("g", "e"));
  EXPECT_THAT(seen({1, 1001, 2002, {}}), ElementsAre("u", "g", "e"));
  EXPECT_THAT(seen({1, 2002, 1001, {1001}}), ElementsAre("e")) << "a user's number is not a group's";
}

TEST_F(rules, of_unknown_accounts_match_nobody) {
  const auto may = stranger({user("nobody knows", {"*"}, {"*"}), group("nor that group", {"*"}, {"*"})});
  ASSERT_NE(may->visible(), nullptr);
}

TEST_F(rules, administrators_get_control_and_nothing_else) {
  options_.admin_groups = {"2002"};
  const auto may = make({}).of({1, 1000, 1000, {2002}});
  EXPECT_TRUE(may->control());
  EXPECT_FALSE(may->may_emit("a"));
  EXPECT_NE(may->visible(), nullptr);
}

TEST_F(rules, are_added_up_for_rooms_and_emits) {
  const auto may = stranger({everyone({}, {}, {"table-*"}, {"a"}), everyone({}, {}, {"shop-7"}, {"b*", "a"})});
  EXPECT_TRUE(may->may_hold("table-1"));
  EXPECT_TRUE(may->may_hold("shop-7"));
  EXPECT_FALSE(may->may_hold("shop-77"));
  EXPECT_TRUE(may->may_emit("a"));
  EXPECT_TRUE(may->may_emit("bc"));
  EXPECT_FALSE(may->may_emit("ab"));
  EXPECT_EQ(may->told(), (proto::permissions{{}, {"table-*", "shop-7"}, {"a", "b*"}}));
}

TEST_F(rules, names_and_topics_of_different_rules_do_not_mix) {
  const auto may = stranger({everyone({"a"}, {"shop-7"}), everyone({"b"}, {"*"})});
  EXPECT_EQ(objection(*may, {"a"}, {"shop-7"}), "");
  EXPECT_EQ(objection(*may, {"b"}, {"shop-7", "*"}), "");
  EXPECT_EQ(objection(*may, {"a", "b"}, {"shop-7"}), "");
  EXPECT_EQ(objection(*may, {"b", "a"}, {"shop-7", "shop-8"}),
            "no rule of local.access lets this user see events 'a' with the topic 'shop-8'");
  EXPECT_NE(may->visible(), nullptr) << "\"*\" twice, but not in one rule";
}

TEST_F(rules, a_pattern_must_lie_within_one_of_theirs) {
  const auto may = stranger({everyone({"order_*", "payment"}, {"shop-7", "user-*"})});
  for (const char* good : {"order_*", "order_new", "order_new*", "payment"}) {
    EXPECT_EQ(objection(*may, {good}, {}), "") << good;
  }
  for (const char* bad : {"*", "order*", "order", "payment*", "payments"}) {
    EXPECT_EQ(objection(*may, {bad}, {}),
              "no rule of local.access lets this user see events '" + std::string{bad} + "'");
  }
  for (const char* good : {"shop-7", "user-*", "user-1", "user-1*"}) EXPECT_EQ(objection(*may, {}, {good}), "") << good;
  for (const char* bad : {"*", "shop-7*", "shop-*", "user*"}) {
    EXPECT_EQ(objection(*may, {}, {bad}),
              "no rule of local.access lets this user see events with the topic '" + std::string{bad} + "'");
  }
}

TEST_F(rules, a_missing_list_asks_for_what_there_is) {
  const auto some = stranger({everyone({"a"}, {"shop-7"})});
  EXPECT_EQ(objection(*some, {}, {}), "");
  EXPECT_FALSE(some->sees_nothing());
  const auto none = stranger({everyone({}, {}, {"*"}, {"*"})});
  EXPECT_EQ(objection(*none, {}, {}), "") << "it is for STATUS";
  EXPECT_EQ(objection(*none, {"a"}, {}), "no rule of local.access lets this user see events 'a'");
  EXPECT_TRUE(none->sees_nothing());
}

TEST_F(rules, rooms_are_known_by_the_right_to_them_or_to_their_topic) {
  const auto may = stranger({everyone({"a"}, {"shop-7"}, {"table-*"})});
  EXPECT_TRUE(may->may_know("shop-7"));
  EXPECT_TRUE(may->may_know("table-3"));
  EXPECT_FALSE(may->may_know("shop-8"));
}

TEST_F(rules, peers_alike_share_their_rights) {
  auto access = make({user("1001", {"u"}, {"*"}), everyone({"e"}, {"*"})});
  const auto one = access.of({1, 7, 7, {}});
  EXPECT_EQ(access.of({2, 8, 8, {9}}), one);
  EXPECT_NE(access.of({3, 1001, 7, {}}), one);
}

TEST(rules_at_random, are_what_a_naive_evaluator_says) {
  const std::uint32_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random{seed};
  std::vector<std::uint8_t> bytes(200);
  for (int round = 0; round < 5000; ++round) {
    for (auto& each : bytes) each = static_cast<std::uint8_t>(random());
    ASSERT_EQ(find_disagreement(bytes), "") << "seed " << seed << ", round " << round;
  }
}

}  // namespace
}  // namespace roombridge::local
