// SPDX-License-Identifier: MIT
// What clients ask for, and the answers.
#include "support.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;

class requests : public hub_test {
 protected:
  static error_code code_of(const proto::result& result) {
    return result.error ? result.error->code : error_code::none;
  }
  static answer of(int error, std::string text, std::string_view outcome = {}, std::string payload = {}) {
    answer out;
    out.error = error;
    out.text = std::move(text);
    out.outcome = outcome;
    out.payload = std::move(payload);
    return out;
  }
};

TEST_F(requests, first_subscribe_is_answered_by_result_status_and_live) {
  append("a");
  publish_status(proto::upstream_state::connecting);
  auto client = welcomed();
  client.send_message(proto::subscribe{4, {}, {}});
  client.send_message(proto::subscribe{5, {}, {}});
  run();
  EXPECT_EQ(client.expect<proto::result>().id, 4u);
  EXPECT_EQ(client.expect<proto::status>().state, proto::upstream_state::connecting);
  EXPECT_EQ(client.expect<proto::live>().seq, 1u);
  EXPECT_EQ(client.expect<proto::result>().id, 5u);
  EXPECT_FALSE(client.next());
}

TEST_F(requests, events_follow_the_subscriptions) {
  auto client = subscribed({"a"});
  client.send_message(proto::subscribe{2, {}, {"shop-*"}});
  run();
  client.expect<proto::result>();
  append("b", {"shop-7"});
  append("b");
  append("a", {"shop-7"});
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 1u);
  EXPECT_EQ(client.expect<proto::event>().seq, 3u);
  client.send_message(proto::unsubscribe{3, 1});
  run();
  EXPECT_FALSE(client.expect<proto::result>().error);
  append("a");
  append("c", {"shop-1"});
  hub_->flush();
  EXPECT_EQ(client.expect<proto::event>().seq, 5u);
  EXPECT_FALSE(client.next());
  EXPECT_EQ(hub_->counters().delivered, 3u);
}

TEST_F(requests, unsubscribe_of_what_is_not_there) {
  auto client = subscribed();
  client.send_message(proto::unsubscribe{2, 3});
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::unknown_subscription);
}

TEST_F(requests, bad_patterns_concern_only_their_request) {
  auto client = welcomed();
  for (const std::string pattern : {"", "a*b", "**", "*a"}) client.send_message(proto::subscribe{1, {pattern}, {}});
  client.send_message(proto::subscribe{1, {std::string(257, 'a')}, {}});
  client.send_message(proto::subscribe{1, {std::string(255, 'a') + "*"}, {}});
  run();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::bad_pattern) << i;
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
}

TEST_F(requests, at_most_256_subscriptions) {
  auto client = subscribed({"a"});
  for (std::uint64_t id = 2; id <= 257; ++id) client.send_message(proto::subscribe{id, {"a"}, {}});
  run();
  for (std::uint64_t id = 2; id <= 256; ++id) EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(code_of(refused), error_code::too_many_subscriptions);
  EXPECT_TRUE(refused.error->retry);
  client.send_message(proto::unsubscribe{300, 7});
  client.send_message(proto::subscribe{257, {"a"}, {}});
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
}

TEST_F(requests, subscriptions_count_as_what_is_held_for_the_user) {
  options_.user_buffer = 64u << 10;
  make();
  const auto wide = [](std::uint64_t id) {
    proto::subscribe out{id, {}, {}};
    for (std::uint64_t i = 0; i < 64; ++i) out.topics.push_back(std::to_string(id * 100 + i) + std::string(250, 'x'));
    return out;
  };
  auto greedy = subscribed({"a"});
  auto other = subscribed({"a"});
  greedy.send_message(wide(2));
  greedy.send_message(wide(3));
  run();
  EXPECT_EQ(code_of(greedy.expect<proto::result>()), error_code::none);
  const auto refused = greedy.expect<proto::result>();
  EXPECT_EQ(code_of(refused), error_code::too_many_subscriptions);
  EXPECT_TRUE(refused.error->retry);
  other.send_message(wide(2));  // of the same user
  run();
  EXPECT_EQ(code_of(other.expect<proto::result>()), error_code::too_many_subscriptions);
  greedy.send_message(proto::unsubscribe{4, 2});
  run();
  other.send_message(wide(2));
  run();
  EXPECT_EQ(code_of(other.expect<proto::result>()), error_code::none);
  greedy.send_message(proto::hello{});  // a mistake, for which it is ended
  run();
  other.send_message(wide(3));
  run();
  EXPECT_EQ(code_of(other.expect<proto::result>()), error_code::too_many_subscriptions) << "its own alone";
  EXPECT_EQ(hub_->size(), 1u);
}

TEST_F(requests, ids_in_use_are_refused) {
  auto client = subscribed();  // with id 1
  client.send_message(proto::call{1, "status", "{}"});
  client.send_message(proto::call{2, "status", "{}"});
  client.send_message(proto::subscribe{2, {}, {}});
  client.send_message(proto::emit{2, "a", false, 1000, {}});
  run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::duplicate_id) << i;
  ASSERT_EQ(handler_.calls.size(), 1u);
  handler_.calls[0].done(of(0, "", "", "[]"));
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none);
  client.send_message(proto::call{2, "status", "{}"});
  run();
  EXPECT_EQ(handler_.calls.size(), 2u);
}

TEST_F(requests, at_most_1024_are_open) {
  auto client = welcomed();
  for (std::uint64_t id = 1; id <= 1025; ++id) {
    client.send_message(proto::call{id, "status", "{}"});
    run();
  }
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(refused.id, 1025u);
  EXPECT_EQ(code_of(refused), error_code::too_many_requests);
  EXPECT_EQ(handler_.calls.size(), 1024u);
}

TEST_F(requests, calls_are_passed_on_and_answered_in_any_order) {
  auto client = welcomed();
  client.send_message(proto::call{1, "status", "{}"});
  client.send_message(proto::call{2, "reload", R"({"a":[1]})"});
  run();
  ASSERT_EQ(handler_.calls.size(), 2u);
  EXPECT_EQ(handler_.calls[0].params, "{}");
  EXPECT_EQ(handler_.calls[1].method, "reload");
  EXPECT_EQ(handler_.calls[1].params, R"({"a":[1]})");
  EXPECT_TRUE(handler_.calls[1].control);
  handler_.calls[1].done(of(400, "line 3"));
  handler_.calls[0].done(of(0, "", "", R"({"x":1})"));
  run();
  const auto second = client.expect<proto::result>();
  EXPECT_EQ(second.id, 2u);
  EXPECT_EQ(code_of(second), error_code::config_invalid);
  EXPECT_EQ(second.error->text, "line 3");
  EXPECT_EQ(client.expect<proto::result>().id, 1u);
  EXPECT_EQ(client.payload, R"({"x":1})");
}

TEST_F(requests, an_answer_that_passes_the_limit_is_an_internal_error) {
  auto client = welcomed();
  client.send_message(proto::call{1, "status", "{}"});
  run();
  handler_.calls.at(0).done(of(0, "", "", std::string(proto::max_body, ' ')));
  run();
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::internal);
}

TEST_F(requests, subscribers_are_answered_here) {
  auto client = subscribed({"a"});
  append("a");
  hub_->flush();
  client.expect<proto::event>();
  client.send_message(proto::call{2, "subscribers", "{}"});
  run();
  EXPECT_FALSE(client.expect<proto::result>().error);
  EXPECT_EQ(client.payload, R"([{"client":"test","pid":)" + std::to_string(::getpid()) + R"(,"uid":)" +
                                std::to_string(::getuid()) +
                                R"(,"subscriptions":1,"rooms":0,"pending":0,"delivered":1,"lost":0}])");
  EXPECT_TRUE(handler_.calls.empty());
}

TEST_F(requests, more_emits_than_the_rate_are_refused_with_the_time_to_wait) {
  options_.emit_rate = 10;
  options_.emit_burst = 2;
  make();
  auto client = welcomed();
  for (std::uint64_t id = 1; id <= 3; ++id) client.send_message(proto::emit{id, "e", false, 1000, {}});
  run();
  EXPECT_EQ(handler_.emits.size(), 2u);
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(refused.id, 3u);
  EXPECT_EQ(code_of(refused), error_code::too_many_requests);
  EXPECT_EQ(refused.outcome, proto::emit_outcome::not_sent);
  EXPECT_NE(refused.error->text.find("in 100 ms"), std::string::npos) << refused.error->text;
  now_ += std::chrono::milliseconds{100};
  client.send_message(proto::emit{3, "e", false, 1000, {}});
  run();
  EXPECT_EQ(handler_.emits.size(), 3u);
}

TEST_F(requests, joins_count_like_emits_and_leaves_always_work) {
  options_.emit_rate = 10;
  options_.emit_burst = 3;
  options_.access = {{{}, {}, true, {"*"}, {"*"}, {"*"}, {"*"}}};
  make();
  auto client = welcomed();
  client.send_message(proto::emit{1, "e", false, 1000, {}});
  std::uint64_t id = 2;
  // As a client would that joins and leaves a room again and again.
  for (int round = 0; round < 3; ++round) {
    client.send_message(proto::join{id++, "shop-7"});
    run();
    if (!handler_.joins.empty()) handler_.joins.back().done({.state = "joined"});
    client.send_message(proto::leave{id++, "shop-7"});
    run();
  }
  EXPECT_EQ(handler_.joins.size(), 2u);
  EXPECT_EQ(handler_.leaves.size(), 2u);
  for (id = 2; id < 6; ++id) EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::none) << id;
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(refused.id, 6u);
  EXPECT_EQ(code_of(refused), error_code::too_many_requests);
  EXPECT_EQ(refused.outcome, proto::emit_outcome::none);
  EXPECT_EQ(refused.state, proto::room_state::none);
  EXPECT_NE(refused.error->text.find(
                "emits, joins and calls a second by this user (emits.rate); the next may come in 100 ms"),
            std::string::npos)
      << refused.error->text;
  EXPECT_EQ(code_of(client.expect<proto::result>()), error_code::room_not_held) << "the refused one holds nothing";
  now_ += std::chrono::milliseconds{100};
  client.send_message(proto::join{6, "shop-7"});
  run();
  EXPECT_EQ(handler_.joins.size(), 3u);
}

TEST_F(requests, emits_are_taken_apart) {
  auto client = welcomed();
  client.send_message(proto::emit{1, "reservation_update", true, 5000, {2, 0}}, "[1]xy");
  client.send_message(proto::emit{2, "e", false, 10'000, {}});
  run();
  ASSERT_EQ(handler_.emits.size(), 2u);
  const auto& first = handler_.emits[0];
  EXPECT_EQ(first.event, "reservation_update");
  EXPECT_EQ(first.arguments, "[1]");
  EXPECT_EQ(first.attachments, (std::vector<std::string>{"xy", ""}));
  EXPECT_TRUE(first.want_ack);
  EXPECT_EQ(first.deadline, std::chrono::seconds{5});
  EXPECT_EQ(handler_.emits[1].arguments, "[]");
  EXPECT_FALSE(handler_.emits[1].want_ack);

  answer acked = of(0, "", "acked", "[7]ab");
  acked.attachments = {2};
  handler_.emits[0].done(acked);
  handler_.emits[1].done(of(300, "offline", "not_sent"));
  run();
  const auto yes = client.expect<proto::result>();
  EXPECT_EQ(yes.outcome, proto::emit_outcome::acked);
  EXPECT_EQ(yes.attachments, std::vector<std::uint32_t>{2});
  EXPECT_EQ(client.payload, "[7]ab");
  const auto no = client.expect<proto::result>();
  EXPECT_EQ(no.outcome, proto::emit_outcome::not_sent);
  EXPECT_EQ(code_of(no), error_code::not_connected);
  EXPECT_TRUE(no.error->retry);
}

TEST_F(requests, a_refused_emit_was_not_sent) {
  auto client = subscribed();
  client.send_message(proto::emit{1, "e", true, 1000, {}});
  std::string frame;
  ASSERT_TRUE(proto::append_frame(frame, proto::frame_type::emit, R"({"id":2})"));
  client.send(frame);
  client.send_message(proto::subscribe{1, {}, {}});
  run();
  const auto duplicate = client.expect<proto::result>();
  EXPECT_EQ(code_of(duplicate), error_code::duplicate_id);
  EXPECT_EQ(duplicate.outcome, proto::emit_outcome::not_sent);
  const auto incomplete = client.expect<proto::result>();
  EXPECT_EQ(code_of(incomplete), error_code::bad_request);
  EXPECT_EQ(incomplete.outcome, proto::emit_outcome::not_sent);
  EXPECT_EQ(client.expect<proto::result>().outcome, proto::emit_outcome::none);
}

TEST_F(requests, a_handler_that_throws_fails_one_request) {
  auto client = welcomed();
  handler_.on_next_request = [] { throw std::runtime_error("no luck"); };
  client.send_message(proto::emit{1, "e", true, 1000, {}});
  run();
  const auto failed = client.expect<proto::result>();
  EXPECT_EQ(code_of(failed), error_code::internal);
  EXPECT_EQ(failed.outcome, proto::emit_outcome::sent_unknown);
  EXPECT_EQ(log_.count(log_level::error), 1u);
  handler_.emits.at(0).done(of(0, "", "acked"));  // its answer is not wanted any more
  client.send_message(proto::call{1, "status", "{}"});
  run();
  EXPECT_FALSE(client.next());
  handler_.calls.at(0).done(of(0, "", "", "{}"));
  run();
  EXPECT_EQ(client.expect<proto::result>().id, 1u);
}

TEST_F(requests, attachments_that_do_not_fit) {
  auto client = welcomed();
  client.send_message(proto::emit{1, "e", true, 1000, {6}}, "[1]xy");
  run();
  const auto result = client.expect<proto::result>();
  EXPECT_EQ(code_of(result), error_code::bad_payload);
  EXPECT_EQ(result.outcome, proto::emit_outcome::not_sent);
  EXPECT_TRUE(handler_.emits.empty());
}

TEST_F(requests, status_goes_to_whoever_has_subscribed) {
  publish_status(proto::upstream_state::offline);
  auto subscriber = subscribed();
  auto other = welcomed();
  publish_status(proto::upstream_state::authenticated);
  run();
  EXPECT_EQ(subscriber.expect<proto::status>().state, proto::upstream_state::authenticated);
  EXPECT_FALSE(other.next());
}

TEST_F(requests, rights_follow_the_config) {
  auto client = welcomed();
  hub_->reconfigure(options_, access_rules{options_, ::geteuid()});
  client.send_message(proto::call{1, "reload", "{}"});
  run();
  EXPECT_TRUE(handler_.calls.at(0).control);
}

// A handler may act on the whole server from within a request.
TEST_F(requests, a_handler_may_flush_and_end_everything) {
  auto client = subscribed();
  handler_.on_next_request = [this] {
    append("a");
    hub_->flush();
    hub_->close_all();
  };
  client.send_message(proto::call{2, "reload", "{}"});
  client.send_message(proto::call{3, "reload", "{}"});
  run();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(handler_.calls.size(), 1u);
}

}  // namespace
}  // namespace roombridge::local
