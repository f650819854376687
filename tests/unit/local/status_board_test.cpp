// SPDX-License-Identifier: MIT
#include "daemon/local/status_board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <roombridge/proto/messages.hpp>

#include "tests/unit/local/support.hpp"

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;
using proto::upstream_state;
using testing::ElementsAre;

proto::status with(std::vector<std::string> rooms, upstream_state state = upstream_state::authenticated) {
  proto::status out;
  out.state = state;
  out.rooms = std::move(rooms);
  return out;
}

class status_board_test : public testing::Test {
 protected:
  // What goes out by now: the rooms of it.
  std::optional<std::vector<std::string>> take() {
    if (!board_.due() || *board_.due() > now_) return std::nullopt;
    board_.sent(now_);
    const auto frame = board_.frame_for(all_);
    return proto::parse<proto::status>(std::string_view{*frame}.substr(proto::header_size))->rooms;
  }

  status_board board_;
  shared_rights all_ = std::make_shared<const rights>(rights::all());
  status_board::time_point now_{100s};
};

TEST_F(status_board_test, a_change_of_rooms_goes_out_at_once_and_the_next_one_after_a_pause) {
  board_.set(with({}), now_);
  EXPECT_THAT(take().value(), ElementsAre());
  board_.set(with({"a"}), now_);
  EXPECT_THAT(take().value(), ElementsAre("a"));
  board_.set(with({"a", "b"}), now_);
  EXPECT_FALSE(take());
  now_ += 100ms;
  board_.set(with({"a", "b", "c"}), now_);
  EXPECT_FALSE(take());
  now_ += status_board::pause - 100ms;
  EXPECT_THAT(take().value(), ElementsAre("a", "b", "c")) << "the last one";
  EXPECT_FALSE(board_.due());
}

TEST_F(status_board_test, a_change_of_state_does_not_wait) {
  board_.set(with({}), now_);
  (void)take();
  board_.set(with({"a"}), now_);
  (void)take();
  board_.set(with({"a", "b"}), now_);
  auto offline = with({"a", "b"}, upstream_state::offline);
  offline.rooms.reset();
  board_.set(offline, now_);
  EXPECT_EQ(board_.due(), now_);
  board_.set(with({"b"}), now_);
  EXPECT_THAT(take().value(), ElementsAre("b"));
}

TEST_F(status_board_test, whoever_comes_meanwhile_gets_the_newest) {
  board_.set(with({"a"}), now_);
  (void)take();
  board_.set(with({"b"}), now_);
  (void)take();
  board_.set(with({"c"}), now_);
  EXPECT_FALSE(take());
  EXPECT_NE(board_.frame_for(all_)->find("c"), std::string::npos);
}

TEST_F(status_board_test, a_frame_that_says_the_same_is_the_same) {
  const auto few = std::make_shared<const rights>(false, std::vector<log::visibility::grant>{{{"*"}, {"a"}}},
                                                  std::vector<std::string>{}, std::vector<std::string>{});
  board_.set(with({"a"}), now_);
  const auto before = board_.frame_for(few);
  const auto whole = board_.frame_for(all_);
  board_.set(with({"a", "b"}), now_);
  EXPECT_EQ(board_.frame_for(few), before);
  EXPECT_NE(board_.frame_for(all_), whole);
}

TEST_F(status_board_test, the_words_are_for_who_may_control) {
  const auto few = std::make_shared<const rights>(false, std::vector<log::visibility::grant>{},
                                                  std::vector<std::string>{}, std::vector<std::string>{});
  proto::status refused;
  refused.cause = "http_4xx";
  refused.text = "the server says: Bob's account is closed";
  board_.set(refused, now_);
  EXPECT_EQ(board_.frame_for(few)->find("Bob"), std::string::npos);
  EXPECT_NE(board_.frame_for(few)->find("http_4xx"), std::string::npos);
  EXPECT_NE(board_.frame_for(all_)->find("Bob"), std::string::npos);
}

// A program that joins and leaves as fast as it can.
using status_of_rooms = hub_test;

TEST_F(status_of_rooms, costs_a_subscriber_so_much_and_no_more) {
  publish_status(upstream_state::authenticated);
  auto subscriber = subscribed();
  constexpr int changes = 1000;
  for (int i = 0; i < changes; ++i) {
    hub_->publish_status(with({"room-" + std::to_string(i)}));
    run();
    advance(1ms);
  }
  advance(status_board::pause);
  int frames = 0;
  std::string last;
  while (const auto frame = subscriber.next()) {
    ASSERT_EQ(frame->type, proto::frame_type::status);
    last = frame->head;
    ++frames;
  }
  EXPECT_LE(frames, 5);
  EXPECT_NE(last.find("room-999"), std::string::npos) << last;
}

TEST_F(status_of_rooms, tells_nothing_to_whom_it_changes_nothing) {
  options_.access = {{{}, {}, true, {"*"}, {"shop-7"}, {}, {}}};
  make();
  publish_status(upstream_state::authenticated);
  who_ = credentials{1, 1234, 100, {}};
  auto subscriber = subscribed();
  hub_->publish_status(with({"shop-7"}));
  run();
  EXPECT_THAT(subscriber.expect<proto::status>().rooms.value(), ElementsAre("shop-7"));
  advance(status_board::pause);
  hub_->publish_status(with({"shop-7", "shop-8"}));
  run();
  advance(status_board::pause);
  EXPECT_FALSE(subscriber.next());
}

}  // namespace
}  // namespace roombridge::local
