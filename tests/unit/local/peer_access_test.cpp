// SPDX-License-Identifier: MIT
// What the access rules mean on a connection, and what a reload takes away; limits of one user.
#include <unistd.h>

#include <gmock/gmock.h>

#include "support.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using patterns = std::vector<std::string>;

constexpr uid_t till = 4711;
constexpr uid_t printer = 4712;

class peer_access : public hub_test {
 protected:
  static error_code code_of(const proto::result& result) {
    return result.error ? result.error->code : error_code::none;
  }
  static access_rule rule(patterns events, patterns topics, patterns rooms = {}, patterns emits = {}) {
    return {{std::to_string(till)}, {}, false, std::move(events), std::move(topics), std::move(rooms),
            std::move(emits)};
  }
  void start(std::vector<access_rule> access) {
    options_.access = std::move(access);
    make();
  }
  void reload(std::vector<access_rule> access) {
    options_.access = std::move(access);
    hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
    run();
  }
  test_client welcomed_as(uid_t user) {
    who_ = {1, user, 100, {}};
    auto client = welcomed();
    who_.reset();
    return client;
  }
  test_client subscribed_as(uid_t user, patterns events = {}, patterns topics = {}) {
    who_ = {1, user, 100, {}};
    auto client = subscribed(std::move(events), std::move(topics));
    who_.reset();
    return client;
  }
  template <class Message>
  proto::result ask(test_client& client, const Message& request) {
    client.send_message(request);
    run();
    return client.expect<proto::result>();
  }
};

TEST_F(peer_access, the_welcome_says_what_one_may_do) {
  start({rule({"a"}, {"shop-7"}, {"table-*"}, {"b"})});
  who_ = {1, till, 100, {}};
  auto client = connect();
  client.send_message(proto::hello{});
  run();
  const auto welcome = client.expect<proto::welcome>();
  EXPECT_FALSE(welcome.may_control);
  EXPECT_EQ(welcome.may, (proto::permissions{{{{"a"}, {"shop-7"}}}, {"table-*"}, {"b"}}));
}

TEST_F(peer_access, more_than_a_welcome_can_hold_is_left_out) {
  patterns many;
  for (int i = 0; i < 256; ++i) many.push_back(std::string(250, 'x') + std::to_string(i));
  start({rule(many, {"*"})});
  who_ = {1, till, 100, {}};
  auto client = connect();
  client.send_message(proto::hello{});
  run();
  EXPECT_EQ(client.expect<proto::welcome>().may, std::nullopt);
}

TEST_F(peer_access, events_that_one_may_not_see_do_not_come) {
  start({rule({"*"}, {"shop-7"})});
  auto client = subscribed_as(till);
  auto root = subscribed_as(0);
  append("a", {"shop-8"});
  append("a");
  append("a", {"shop-7"});
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 3u);
  EXPECT_FALSE(client.next());
  EXPECT_EQ(root.expect<proto::event>().seq, 1u);
}

TEST_F(peer_access, nor_in_a_replay_or_a_snapshot) {
  start({rule({"*"}, {"shop-7"})});
  events_->retained().configure({.keys = 10, .bytes = 10'000});
  const auto append_retained = [this](std::string_view key, std::string_view topic, bool unexpected = false) {
    const std::vector<std::string_view> topics{topic};
    events_->append({.name = "a", .topics = topics, .unexpected = unexpected, .arguments = "1", .retain_key = key});
  };
  append_retained("one", "shop-8");
  append_retained("two", "shop-7");
  append_retained("three", "shop-7", true);
  auto client = welcomed_as(till);
  client.send_message(proto::subscribe{.id = 1,
                                       .events = {},
                                       .topics = {},
                                       .since = proto::log_position{"0123456789abcdef", 0},
                                       .snapshot = true,
                                       .more = false});
  run();
  client.expect<proto::result>();
  const auto retained = client.expect<proto::event>();
  EXPECT_TRUE(retained.retained);
  EXPECT_EQ(retained.seq, 2u);
  EXPECT_EQ(client.expect<proto::event>().seq, 2u);
  client.expect<proto::live>();
  EXPECT_FALSE(client.next());
}

TEST_F(peer_access, a_pattern_outside_the_rules_is_refused_and_named) {
  start({rule({"a"}, {"shop-7"})});
  auto client = welcomed_as(till);
  const auto refused = ask(client, proto::subscribe{1, {"a"}, {"shop-7", "shop-*"}});
  EXPECT_EQ(code_of(refused), error_code::not_permitted);
  EXPECT_FALSE(refused.error->retry);
  EXPECT_THAT(refused.error->text, HasSubstr("'shop-*'"));
  EXPECT_FALSE(client.next()) << "a refused one is no first subscription";
  EXPECT_EQ(code_of(ask(client, proto::subscribe{1, {"a"}, {"shop-7"}})), error_code::none);
  EXPECT_EQ(hub_->peers().at(0).subscriptions, 1u);
}

TEST_F(peer_access, a_refused_subscription_keeps_no_other_waiting) {
  start({rule({"a"}, {"*"})});
  append("a");
  auto client = welcomed_as(till);
  const auto subscribe = [](std::uint64_t id, std::string event, bool more) {
    return proto::subscribe{
        .id = id, .events = {std::move(event)}, .topics = {}, .since = {}, .snapshot = false, .more = more};
  };
  EXPECT_EQ(code_of(ask(client, subscribe(1, "a", true))), error_code::none);
  EXPECT_EQ(code_of(ask(client, subscribe(2, "b", false))), error_code::not_permitted);
  EXPECT_EQ(client.expect<proto::live>().seq, 1u);
  append("a");
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 2u);
}

TEST_F(peer_access, who_may_see_nothing_may_still_see_the_status) {
  start({});
  publish_status(proto::upstream_state::connected);
  auto client = subscribed_as(till);
  append("a");
  hub_->flush();
  reload({});
  EXPECT_FALSE(client.next());
  EXPECT_EQ(hub_->peers().at(0).subscriptions, 1u);
}

TEST_F(peer_access, only_what_is_granted_is_emitted) {
  start({rule({}, {}, {}, {"order_*"})});
  auto client = welcomed_as(till);
  const auto refused = ask(client, proto::emit{1, "payment", false, 1000, {}});
  EXPECT_EQ(code_of(refused), error_code::not_permitted);
  EXPECT_EQ(refused.outcome, proto::emit_outcome::not_sent);
  EXPECT_THAT(handler_.emits, IsEmpty());
  client.send_message(proto::emit{2, "order_new", false, 1000, {}});
  run();
  ASSERT_EQ(handler_.emits.size(), 1u);
  EXPECT_EQ(handler_.emits[0].event, "order_new");
}

TEST_F(peer_access, a_call_brings_its_rights) {
  start({rule({"*"}, {"shop-7"})});
  auto client = welcomed_as(till);
  client.send_message(proto::call{1, "rooms", "{}"});
  run();
  EXPECT_FALSE(handler_.calls.at(0).control);
  EXPECT_TRUE(handler_.calls.at(0).may->may_know("shop-7"));
  EXPECT_FALSE(handler_.calls.at(0).may->may_know("shop-8"));
}

TEST_F(peer_access, status_names_only_the_rooms_that_one_may_know) {
  start({rule({"*"}, {"shop-7"}, {"table-*"})});
  auto client = subscribed_as(till);
  auto root = subscribed_as(0);
  proto::status status;
  status.rooms = {"shop-7", "shop-8", "table-1"};
  hub_->publish_status(status);
  run();
  EXPECT_THAT(client.expect<proto::status>().rooms.value(), ElementsAre("shop-7", "table-1"));
  EXPECT_THAT(root.expect<proto::status>().rooms.value(), ElementsAre("shop-7", "shop-8", "table-1"));
  status_published_ = true;
  who_ = {1, till, 100, {}};
  auto later = welcomed();
  later.send_message(proto::subscribe{1, {}, {}});
  run();
  later.expect<proto::result>();
  EXPECT_THAT(later.expect<proto::status>().rooms.value(), ElementsAre("shop-7", "table-1")) << "also the first one";
}

TEST_F(peer_access, rooms_that_do_not_fit_are_left_out) {
  auto client = subscribed_as(0);
  proto::status status;
  status.rooms.emplace();
  for (int i = 0; i < 512; ++i) status.rooms->push_back(std::string(200, 'x') + std::to_string(i));
  hub_->publish_status(status);
  run();
  EXPECT_EQ(client.expect<proto::status>().rooms, std::nullopt);
}

TEST_F(peer_access, each_is_told_of_its_own_connections_and_who_controls_of_all) {
  start({rule({"*"}, {"*"})});
  auto other = subscribed_as(till + 1);
  auto client = welcomed_as(till);
  client.send_message(proto::call{1, "subscribers", "{}"});
  client.send_message(proto::call{2, "rooms", "{}"});
  run();
  client.expect<proto::result>();
  EXPECT_THAT(client.payload, HasSubstr("\"uid\":" + std::to_string(till) + ","));
  EXPECT_THAT(client.payload, testing::Not(HasSubstr("\"uid\":" + std::to_string(till + 1) + ",")));
  EXPECT_EQ(handler_.calls.at(0).sees, sight{till});
  EXPECT_EQ(hub_->counts(till).connections, 1u);
  EXPECT_EQ(hub_->counts(till).subscribers, 0u);
  auto root = welcomed_as(0);
  root.send_message(proto::call{1, "subscribers", "{}"});
  root.send_message(proto::call{2, "rooms", "{}"});
  run();
  root.expect<proto::result>();
  EXPECT_THAT(root.payload, HasSubstr("\"uid\":" + std::to_string(till + 1) + ","));
  EXPECT_EQ(handler_.calls.at(1).sees, sight{});
  EXPECT_EQ(hub_->counts({}).connections, 3u);
  EXPECT_EQ(hub_->counts({}).subscribers, 1u);
  other.close();
  run();
  EXPECT_EQ(hub_->counts({}).connections, 2u);
  EXPECT_EQ(hub_->counts({}).subscribers, 0u);
}

TEST_F(peer_access, calls_count_like_emits_but_not_for_who_controls) {
  options_.emit_rate = 10;
  options_.emit_burst = 2;
  start({rule({"*"}, {"*"})});
  auto client = welcomed_as(till);
  for (std::uint64_t id = 1; id <= 3; ++id) client.send_message(proto::call{id, "named_subscribers", "{}"});
  run();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::too_many_requests);
  auto root = welcomed_as(0);
  for (std::uint64_t id = 1; id <= 9; ++id) root.send_message(proto::call{id, "named_subscribers", "{}"});
  run();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(code_of(root.expect<proto::result>()), error_code::none);
}

// ---- reload

TEST_F(peer_access, a_subscription_outside_the_changed_rules_ends) {
  start({rule({"*"}, {"shop-7", "shop-8"})});
  auto client = subscribed_as(till, {}, {"shop-7"});
  EXPECT_EQ(code_of(ask(client, proto::subscribe{2, {}, {"shop-8"}})), error_code::none);
  reload({rule({"*"}, {"shop-8"})});
  const auto told = client.expect<proto::error>();
  EXPECT_EQ(told.info.code, error_code::revoked);
  EXPECT_FALSE(told.fatal);
  EXPECT_EQ(told.subscription, 1u);
  EXPECT_THAT(told.info.text, HasSubstr("'shop-7'"));
  append("a", {"shop-7"});
  append("a", {"shop-8"});
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 2u);
  EXPECT_FALSE(client.next());
  EXPECT_EQ(code_of(ask(client, proto::unsubscribe{3, 1})), error_code::unknown_subscription);
  EXPECT_EQ(hub_->peers().at(0).subscriptions, 1u);
}

TEST_F(peer_access, one_without_patterns_goes_on_with_what_is_left) {
  start({rule({"*"}, {"*"})});
  auto client = subscribed_as(till);
  append("a", {"shop-7"});
  reload({rule({"*"}, {"shop-8"})});
  append("a", {"shop-8"});
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 2u) << "what has not been sent yet is judged anew";
  EXPECT_FALSE(client.next());
  reload({});
  EXPECT_EQ(client.expect<proto::error>().subscription, 1u) << "nothing is left";
  EXPECT_EQ(hub_->peers().at(0).subscriptions, 0u);
}

TEST_F(peer_access, rights_that_are_added_hold_at_once) {
  start({rule({"*"}, {"shop-7"})});
  auto client = subscribed_as(till);
  EXPECT_EQ(code_of(ask(client, proto::subscribe{2, {}, {"shop-8"}})), error_code::not_permitted);
  reload({rule({"*"}, {"shop-7"}), rule({"*"}, {"shop-8"}, {}, {"*"})});
  EXPECT_FALSE(client.next());
  EXPECT_EQ(code_of(ask(client, proto::subscribe{2, {}, {"shop-8"}})), error_code::none);
  client.send_message(proto::emit{3, "e", false, 1000, {}});
  run();
  EXPECT_EQ(handler_.emits.size(), 1u);
}

TEST_F(peer_access, what_is_lost_tells_nothing_of_what_a_reload_took_away) {
  options_.access = {rule({"*"}, {"*"})};
  make({.segment_bytes = 2048, .segments = 2, .max_body = 400});
  who_ = {1, till, 100, {}};
  auto client = subscribed({}, {}, 4096);
  who_.reset();
  const std::string large(300, '1');
  log::sequence before = 0;
  while (hub_->peers().at(0).pending == 0 || before == 0) {
    before = append("a", {"shop-7"}, large);
    hub_->flush();
  }
  reload({rule({"*"}, {"shop-8"})});
  const auto visible = append("a", {"shop-8"}, large);
  while (events_->first() <= visible) append("a", {"shop-7"}, large);
  std::optional<proto::gap> told;
  for (bool more = true; more;) {
    more = false;
    while (auto frame = client.next()) {
      more = true;
      if (frame->type == proto::frame_type::gap) told = *proto::parse<proto::gap>(frame->head);
    }
    run();
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->first, visible);
  EXPECT_EQ(told->last, visible);
  EXPECT_EQ(told->count, 1u);
}

// ---- limits

TEST_F(peer_access, connections_are_kept_for_root_and_administrators_and_the_refusal_says_who_holds_how_many) {
  constexpr uid_t admin = 2000;
  options_.connections = 6;
  options_.admin_users = {std::to_string(admin)};
  make();
  const auto refused_as = [this](uid_t user) {
    who_ = {1, user, 100, {}};
    auto client = connect();
    who_.reset();
    return client.expect<proto::bye>().text;
  };
  std::vector<test_client> held;
  for (int i = 0; i < 3; ++i) held.push_back(welcomed_as(till));
  const std::string holder = "uid " + std::to_string(till) + " holds 3 of 3";
  EXPECT_THAT(refused_as(till),
              AllOf(HasSubstr("this user has 3 of the 6 connections (local.connections) that all users "
                              "share"),
                    Not(HasSubstr("holds"))))
      << "others are not an ordinary user's business";
  EXPECT_THAT(log_.lines.back().second, HasSubstr(holder));
  held.push_back(welcomed_as(printer));
  EXPECT_THAT(refused_as(printer), HasSubstr("this user has 1 of the 6 connections"));
  for (int i = 0; i < 10; ++i) held.push_back(welcomed_as(admin));
  EXPECT_THAT(refused_as(admin),
              HasSubstr("local.connections allows 6, and 14 are taken; your user has 10; uid 2000 holds "
                        "10 of 14"));
  for (int i = 0; i < 8; ++i) held.push_back(welcomed_as(0));
  EXPECT_THAT(refused_as(0), HasSubstr("local.connections"));
}

TEST_F(peer_access, root_with_all_of_its_own_connections_taken_gets_in) {
  options_.user_connections = 1;
  make();
  auto first = welcomed_as(0);
  auto second = welcomed_as(0);
}

TEST_F(peer_access, connections_of_one_user) {
  options_.user_connections = 2;
  make();
  auto first = welcomed_as(till);
  auto second = welcomed_as(till);
  who_ = {1, till, 100, {}};
  auto third = connect();
  run();
  const auto bye = third.expect<proto::bye>();
  EXPECT_EQ(bye.reason, "too_many_connections");
  EXPECT_TRUE(bye.reconnect);
  EXPECT_THAT(bye.text, HasSubstr("local.user_connections allows 2 of one user; your user has 2"));
  EXPECT_TRUE(third.closed());
  auto other = welcomed_as(printer);
  first.close();
  run();
  auto fourth = welcomed_as(till);
  EXPECT_EQ(hub_->size(), 3u);
  EXPECT_EQ(hub_->counters().refused, 1u);
}

TEST_F(peer_access, subscriptions_of_one_user) {
  options_.user_subscriptions = 2;
  make();
  auto first = subscribed_as(till);
  auto second = subscribed_as(till);
  const auto refused = ask(second, proto::subscribe{2, {}, {}});
  EXPECT_EQ(code_of(refused), error_code::too_many_subscriptions);
  EXPECT_TRUE(refused.error->retry);
  EXPECT_THAT(refused.error->text, HasSubstr("local.user_subscriptions"));
  auto other = subscribed_as(printer);
  EXPECT_EQ(code_of(ask(first, proto::unsubscribe{2, 1})), error_code::none);
  EXPECT_EQ(code_of(ask(second, proto::subscribe{2, {}, {}})), error_code::none);
  second.close();
  run();
  EXPECT_EQ(code_of(ask(first, proto::subscribe{3, {}, {}})), error_code::none);
  EXPECT_EQ(code_of(ask(first, proto::subscribe{4, {}, {}})), error_code::none);
}

TEST_F(peer_access, subscriptions_that_are_revoked_leave_room) {
  options_.user_subscriptions = 1;
  start({rule({"a"}, {"*"}), rule({"b"}, {"*"})});
  auto client = subscribed_as(till, {"a"});
  reload({rule({"b"}, {"*"})});
  client.expect<proto::error>();
  EXPECT_EQ(code_of(ask(client, proto::subscribe{2, {"b"}, {}})), error_code::none);
}

TEST_F(peer_access, rooms_of_one_user) {
  options_.user_rooms = 2;
  start({rule({}, {}, {"*"})});
  auto first = welcomed_as(till);
  auto second = welcomed_as(till);
  first.send_message(proto::join{1, "shop-7"});
  second.send_message(proto::join{1, "shop-7"});
  second.send_message(proto::join{2, "shop-7"});
  run();
  EXPECT_EQ(handler_.joins.size(), 3u) << "again what one holds is no further one";
  const auto refused = ask(second, proto::join{3, "shop-8"});
  EXPECT_EQ(code_of(refused), error_code::too_many_rooms);
  EXPECT_TRUE(refused.error->retry);
  EXPECT_THAT(refused.error->text, HasSubstr("local.user_rooms"));
  first.close();
  run();
  second.send_message(proto::join{3, "shop-8"});
  run();
  EXPECT_EQ(handler_.joins.size(), 4u);
}

TEST_F(peer_access, emits_of_one_user) {
  options_.emit_rate = 10;
  options_.emit_burst = 2;
  start({{{}, {}, true, {}, {}, {}, {"*"}}});
  for (int i = 0; i < 2; ++i) {
    auto client = welcomed_as(till);
    client.send_message(proto::emit{1, "e", false, 1000, {}});
    run();
    client.close();
    run();
  }
  EXPECT_EQ(handler_.emits.size(), 2u);
  auto again = welcomed_as(till);
  EXPECT_EQ(code_of(ask(again, proto::emit{1, "e", false, 1000, {}})), error_code::too_many_requests)
      << "a new connection is no new user";
  auto other = welcomed_as(printer);
  other.send_message(proto::emit{1, "e", false, 1000, {}});
  run();
  EXPECT_EQ(handler_.emits.size(), 3u);
}

TEST_F(peer_access, an_emit_that_is_not_permitted_uses_nothing_up) {
  options_.emit_rate = 1;
  options_.emit_burst = 1;
  start({rule({}, {}, {}, {"a"})});
  auto client = welcomed_as(till);
  EXPECT_EQ(code_of(ask(client, proto::emit{1, "b", false, 1000, {}})), error_code::not_permitted);
  client.send_message(proto::emit{1, "a", false, 1000, {}});
  run();
  EXPECT_EQ(handler_.emits.size(), 1u);
}

// What waits for the server is judged when the rules change, though its sender may be gone.
TEST_F(peer_access, an_emit_says_whether_it_is_still_permitted) {
  start({rule({}, {}, {}, {"order"})});
  auto client = welcomed_as(till);
  client.send_message(proto::emit{1, "order", false, 1000, {}});
  run();
  ASSERT_EQ(handler_.permitted.size(), 1u);
  const auto still = handler_.permitted.at(0);
  EXPECT_TRUE(still());
  reload({rule({}, {}, {}, {"other"})});
  EXPECT_FALSE(still());
  reload({rule({}, {}, {}, {"order"})});
  EXPECT_TRUE(still());
  client.close();
  run();
  EXPECT_TRUE(still());
  reload({});
  EXPECT_FALSE(still());
}

TEST_F(peer_access, a_join_that_waits_fails_when_its_right_is_taken_away) {
  start({rule({}, {}, {"table-*"})});
  auto client = welcomed_as(till);
  client.send_message(proto::join{1, "table-1"});
  run();
  reload({});
  const auto told = client.expect<proto::result>();
  EXPECT_EQ(told.id, 1u);
  EXPECT_EQ(code_of(told), error_code::not_permitted);
  EXPECT_FALSE(client.next()) << "said once";
  EXPECT_EQ(handler_.leaves.size(), 1u);
  handler_.joins.at(0).done({.state = "joined"});  // it comes too late
  run();
  EXPECT_FALSE(client.next());
}

}  // namespace
}  // namespace roombridge::local
