// SPDX-License-Identifier: MIT
// TRACE frames: who gets them, for how long, and what becomes of those that nobody reads.
#include <gmock/gmock.h>

#include "support.hpp"

namespace roombridge::local {
namespace {

using namespace std::chrono_literals;

class peer_trace : public hub_test {
 protected:
  // A client with a trace of so long.
  test_client tracing(std::chrono::milliseconds time, int buffer = 0) {
    auto client = welcomed(buffer);
    begin(client, 1, time);
    return client;
  }
  void begin(test_client& client, std::uint64_t id, std::chrono::milliseconds time) {
    client.send_message(proto::call{id, "trace"});
    run();
    auto& asked = handler_.calls.back();
    hub_->trace(asked.who, time, std::move(asked.done));
    run();
  }

  static proto::trace line(std::int64_t time, std::string text = "x") {
    proto::trace out;
    out.time = time;
    out.step = "state";
    out.text = std::move(text);
    return out;
  }
};

TEST_F(peer_trace, lines_go_to_those_who_asked_until_their_time_is_over) {
  EXPECT_FALSE(hub_->publish_trace(line(1))) << "nobody looks on";
  auto one = tracing(10s);
  auto two = tracing(20s);
  auto other = welcomed();
  EXPECT_TRUE(hub_->publish_trace(line(1)));
  run();
  EXPECT_EQ(one.expect<proto::trace>(), line(1));
  EXPECT_EQ(two.expect<proto::trace>(), line(1));
  EXPECT_FALSE(other.next());

  advance(10s);
  EXPECT_FALSE(one.expect<proto::result>().error);
  EXPECT_EQ(one.payload, R"({"lines":1,"missed":0})");
  EXPECT_TRUE(hub_->publish_trace(line(2)));
  run();
  EXPECT_FALSE(one.next());
  EXPECT_EQ(two.expect<proto::trace>(), line(2));

  advance(10s);
  two.expect<proto::result>();
  EXPECT_EQ(two.payload, R"({"lines":2,"missed":0})");
  EXPECT_FALSE(hub_->publish_trace(line(3)));
}

TEST_F(peer_trace, one_at_a_time_on_a_connection_and_then_another) {
  auto client = tracing(10s);
  begin(client, 2, 10s);
  const auto refused = client.expect<proto::result>();
  EXPECT_EQ(refused.id, 2u);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, proto::error_code::too_many_requests);
  advance(10s);
  EXPECT_EQ(client.expect<proto::result>().id, 1u);
  begin(client, 3, 10s);
  EXPECT_TRUE(hub_->publish_trace(line(1)));
  run();
  EXPECT_EQ(client.expect<proto::trace>(), line(1));
}

TEST_F(peer_trace, ends_with_its_connection) {
  auto client = tracing(10s);
  client.close();
  run();
  EXPECT_FALSE(hub_->publish_trace(line(1)));
  advance(10s);
  EXPECT_EQ(hub_->size(), 0u);
  EXPECT_EQ(log_.count(log_level::warning), 0u);
}

TEST_F(peer_trace, what_is_not_read_is_counted_and_harms_nobody) {
  auto slow = tracing(10s, 4096);
  auto quick = tracing(10s);
  std::uint64_t sent = 0;
  for (; sent < 1000; ++sent) {
    EXPECT_TRUE(hub_->publish_trace(line(static_cast<std::int64_t>(sent), std::string(1000, 'x'))));
    run();
    EXPECT_EQ(quick.expect<proto::trace>().time, static_cast<std::int64_t>(sent));
  }
  EXPECT_EQ(hub_->peers().size(), 2u) << "nobody was sent away";

  std::uint64_t shown = 0;
  const auto take = [&] {
    for (run(); const auto frame = slow.next(); run()) {
      EXPECT_EQ(proto::parse<proto::trace>(frame->head)->time, static_cast<std::int64_t>(shown)) << "in order";
      ++shown;
    }
  };
  take();
  EXPECT_GT(shown, 10u);
  EXPECT_LT(shown, 200u) << "64 KiB, and what the socket holds";

  EXPECT_TRUE(hub_->publish_trace(line(5000)));
  run();
  EXPECT_EQ(slow.expect<proto::trace>().missed, sent - shown);
  EXPECT_EQ(slow.expect<proto::trace>().time, 5000);
  EXPECT_TRUE(hub_->publish_trace(line(5001)));
  run();
  EXPECT_EQ(slow.expect<proto::trace>(), line(5001)) << "a loss is told once";
  advance(10s);
  slow.expect<proto::result>();
  EXPECT_EQ(slow.payload,
            R"({"lines":)" + std::to_string(shown + 2) + R"(,"missed":)" + std::to_string(sent - shown) + '}');
}

TEST_F(peer_trace, leaves_the_users_buffer_to_others) {
  options_.user_buffer = 20'000;
  make();
  auto slow = tracing(10s, 4096);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(hub_->publish_trace(line(i, std::string(1000, 'x'))));
  run();
  EXPECT_EQ(hub_->peers().size(), 1u);
  auto same_user = subscribed();
  append("x");
  hub_->flush();
  run();
  EXPECT_EQ(same_user.expect<proto::event>().name, "x");
  EXPECT_EQ(log_.count(log_level::warning), 0u) << "no connection is ended for what it holds";
}

}  // namespace
}  // namespace roombridge::local
