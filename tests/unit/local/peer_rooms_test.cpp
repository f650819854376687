// SPDX-License-Identifier: MIT
// JOIN and LEAVE, and what becomes of a room when its connection or its permission ends.
#include <unistd.h>

#include <gmock/gmock.h>

#include "support.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class peer_rooms : public hub_test {
 protected:
  peer_rooms() {
    who_ = {1, 4711, 4711, {}};
    allow({"shop-7", "table-*"});
  }

  void allow(std::vector<std::string> rooms) { options_.access = {{{}, {}, true, {}, {}, std::move(rooms), {}}}; }

  static error_code code_of(const proto::result& result) {
    return result.error ? result.error->code : error_code::none;
  }
  static answer of(std::string_view state) {
    answer out;
    out.state = state;
    return out;
  }
  static answer failed(error_code code, std::string text) {
    answer out;
    out.error = static_cast<int>(code);
    out.text = std::move(text);
    return out;
  }

  // A client that holds a room.
  test_client holding(const std::string& room) {
    auto client = welcomed();
    client.send_message(proto::join{1, room});
    run();
    handler_.joins.back().done(of("joined"));
    run();
    EXPECT_EQ(client.expect<proto::result>().state, proto::room_state::joined);
    return client;
  }
};

TEST_F(peer_rooms, a_join_is_passed_on_and_answered_with_how_the_room_stands) {
  auto client = welcomed();
  client.send_message(proto::join{1, "shop-7", 5000});
  client.send_message(proto::join{2, "table-3"});
  run();
  ASSERT_EQ(handler_.joins.size(), 2u);
  EXPECT_EQ(handler_.joins[0].room, "shop-7");
  EXPECT_EQ(handler_.joins[0].deadline, std::chrono::seconds{5});
  EXPECT_EQ(handler_.joins[1].deadline, std::chrono::seconds{10});
  handler_.joins[1].done(of("waiting"));
  handler_.joins[0].done(of("joining"));
  run();
  const auto second = client.expect<proto::result>();
  EXPECT_EQ(second.id, 2u);
  EXPECT_EQ(second.state, proto::room_state::waiting);
  EXPECT_EQ(client.expect<proto::result>().state, proto::room_state::joining);
  EXPECT_EQ(hub_->peers().at(0).rooms, 2u);
}

TEST_F(peer_rooms, only_those_that_a_rule_allows) {
  auto client = welcomed();
  for (const std::string room : {"shop-77", "shop-", "tabl", "admin-general"}) {
    client.send_message(proto::join{1, room});
    run();
    EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::not_permitted) << room;
  }
  EXPECT_TRUE(handler_.joins.empty());
  allow({});
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  client.send_message(proto::join{1, "shop-7"});
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::not_permitted) << "by default none";
}

TEST_F(peer_rooms, a_leave_lets_go_of_what_is_held) {
  auto client = holding("shop-7");
  client.send_message(proto::leave{2, "table-3"});
  client.send_message(proto::leave{3, "shop-7"});
  client.send_message(proto::leave{4, "shop-7"});
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::room_not_held);
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::room_not_held);
  EXPECT_THAT(handler_.leaves, ElementsAre(Pair(handler_.joins[0].who, "shop-7")));
}

TEST_F(peer_rooms, the_end_of_a_connection_lets_go_of_all) {
  auto client = holding("shop-7");
  client.send_message(proto::join{2, "table-3"});
  run();
  ASSERT_EQ(handler_.joins.size(), 2u);
  client.close();
  run();
  const auto who = handler_.joins[0].who;
  EXPECT_THAT(handler_.leaves, ElementsAre(Pair(who, "shop-7"), Pair(who, "table-3")));
  handler_.joins[1].done(of("joined"));  // it comes too late and harms nobody
  EXPECT_EQ(handler_.leaves.size(), 2u);
}

TEST_F(peer_rooms, two_connections_have_names_of_their_own) {
  auto first = holding("shop-7");
  auto second = holding("shop-7");
  EXPECT_NE(handler_.joins[0].who, handler_.joins[1].who);
  const auto& holds = hub_->room_holds();
  EXPECT_EQ(holds.of("shop-7", std::nullopt, 16).holders, 2u);
  EXPECT_EQ(holds.of("shop-7", std::nullopt, 16).pids.size(), 2u);
  EXPECT_EQ(holds.of("shop-7", std::nullopt, 1).pids.size(), 1u);
  EXPECT_EQ(holds.of("table-3", std::nullopt, 16).holders, 0u);
  EXPECT_EQ(holds.of("shop-7", sight{::geteuid() + 1}, 16).holders, 0u) << "another user sees its own";
  first.close();
  run();
  second.send_message(proto::leave{2, "shop-7"});
  run();
  EXPECT_EQ(holds.of("shop-7", std::nullopt, 16).holders, 0u);
}

TEST_F(peer_rooms, what_is_refused_is_not_held) {
  auto client = welcomed();
  client.send_message(proto::join{1, "shop-7"});
  run();
  handler_.joins.at(0).done(failed(error_code::room_refused, "not yours"));
  client.send_message(proto::leave{2, "shop-7"});
  run();
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(code_of(refused), error_code::room_refused);
  EXPECT_EQ(refused.error->text, "not yours");
  EXPECT_EQ(refused.state, proto::room_state::none);
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::room_not_held);
  EXPECT_EQ(handler_.leaves.size(), 1u) << "whoever counts is told";
}

TEST_F(peer_rooms, the_refusal_of_an_older_join_does_not_end_a_newer_one) {
  auto client = welcomed();
  client.send_message(proto::join{1, "shop-7"});
  client.send_message(proto::leave{2, "shop-7"});
  client.send_message(proto::join{3, "shop-7"});
  run();
  client.expect<proto::result>();
  handler_.joins.at(0).done(failed(error_code::room_refused, "no"));
  handler_.joins.at(1).done(of("joined"));
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::room_refused);
  EXPECT_EQ(client.expect<proto::result>().state, proto::room_state::joined);
  EXPECT_EQ(hub_->peers().at(0).rooms, 1u);
  EXPECT_EQ(handler_.leaves.size(), 1u);
}

TEST_F(peer_rooms, at_most_64_on_a_connection) {
  auto client = welcomed();
  for (std::uint64_t id = 1; id <= proto::max_rooms; ++id) {
    client.send_message(proto::join{id, "table-" + std::to_string(id)});
  }
  client.send_message(proto::join{100, "table-100"});
  client.send_message(proto::join{101, "table-1"});
  run();
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(refused.id, 100u);
  EXPECT_EQ(code_of(refused), error_code::too_many_rooms);
  EXPECT_TRUE(refused.error->retry);
  EXPECT_EQ(handler_.joins.size(), proto::max_rooms + 1) << "one that it holds is no further one";
}

TEST_F(peer_rooms, a_permission_that_is_taken_away_ends_the_hold) {
  auto client = holding("shop-7");
  auto other = holding("table-3");
  allow({"table-*"});
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  run();
  const auto told = client.expect<proto::error>();
  EXPECT_EQ(told.info.code, error_code::revoked);
  EXPECT_FALSE(told.fatal);
  EXPECT_EQ(told.room, "shop-7");
  EXPECT_THAT(told.info.text, testing::HasSubstr("shop-7"));
  EXPECT_FALSE(other.next());
  EXPECT_THAT(handler_.leaves, ElementsAre(Pair(handler_.joins[0].who, "shop-7")));
}

TEST_F(peer_rooms, a_handler_may_end_everything_while_permissions_are_taken_away) {
  auto first = holding("shop-7");
  auto second = holding("table-3");
  allow({});
  handler_.on_next_leave = [this] { hub_->close_all(); };
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  run();
  EXPECT_EQ(handler_.leaves.size(), 2u) << "each once";
  EXPECT_EQ(hub_->size(), 0u);
}

}  // namespace
}  // namespace roombridge::local
