// SPDX-License-Identifier: MIT
// Slow readers: what overtakes what, what is lost and told, what it costs.
#include "daemon/local/socket_room.hpp"

#include "support.hpp"

namespace roombridge::local {
namespace {

class slow_readers : public hub_test {
 protected:
  using strings = std::vector<std::string>;

  // The log has room for about twenty of them, a stalled client's socket not for one.
  static constexpr std::size_t event_size = 100'000;
  static constexpr int socket_buffer = 4096;

  test_client stalled() { return subscribed({"big"}, {}, socket_buffer); }

  // Stalled, too, and ended rather than told of a loss.
  test_client to_be_ended() {
    auto client = welcomed(socket_buffer);
    client.send_message(proto::subscribe{.id = 1,
                                         .events = {"big"},
                                         .topics = {},
                                         .since = {},
                                         .snapshot = false,
                                         .slow = proto::slow_policy::disconnect,
                                         .more = false});
    run();
    EXPECT_FALSE(client.expect<proto::result>().error);
    client.expect<proto::live>();
    return client;
  }

  void append_big() { append("big", {}, arguments_); }

  // Fills the client's socket, so that a frame is partly sent.
  void stall(test_client&) {
    append_big();
    hub_->flush();
  }
  // Appends what nobody asked for until the log has given up everything up to `seq`.
  void push_out(log::sequence seq) {
    while (events_->first() <= seq) append("noise", {}, arguments_);
    hub_->flush();
  }
  // Reads as long as something comes, a socket's buffer at a time.
  void read_on(test_client& client) {
    do run();
    while (client.read());
  }
  strings drain(test_client& client) {
    read_on(client);
    strings out;
    while (const auto frame = client.next()) out.push_back(tell(*frame));
    return out;
  }

  static std::string tell(const received& frame) {
    if (frame.type == proto::frame_type::event) {
      return "event " + std::to_string(proto::parse<proto::event>(frame.head)->seq);
    }
    if (frame.type == proto::frame_type::gap) {
      const auto gap = proto::parse<proto::gap>(frame.head);
      return "gap " + std::to_string(gap->first) + "-" + std::to_string(gap->last) + " " +
             std::to_string(gap->count.value_or(0)) + " " + gap->reason;
    }
    if (frame.type == proto::frame_type::status) {
      return "status " + std::string{to_string(proto::parse<proto::status>(frame.head)->state)};
    }
    if (frame.type == proto::frame_type::result) {
      return "result " + std::to_string(proto::parse<proto::result>(frame.head)->id);
    }
    if (frame.type == proto::frame_type::bye) return "bye " + proto::parse<proto::bye>(frame.head)->reason;
    return std::string{proto::to_string(frame.type)};
  }

  const std::string arguments_ = std::string(event_size, '1');
};

TEST_F(slow_readers, get_everything_while_the_log_has_it) {
  auto client = stalled();
  for (int i = 0; i < 12; ++i) append_big();
  hub_->flush();
  strings expected;
  for (int i = 1; i <= 12; ++i) expected.push_back("event " + std::to_string(i));
  EXPECT_EQ(drain(client), expected);
  EXPECT_EQ(hub_->peers().at(0).pending, 0u);
}

TEST_F(slow_readers, control_frames_overtake_all_but_the_frame_under_way) {
  auto client = stalled();
  stall(client);
  append_big();
  client.send_message(proto::ping{3, {}});
  client.send_message(proto::unsubscribe{4, 9});
  EXPECT_EQ(drain(client), (strings{"event 1", "PONG", "result 4", "event 2"}));
}

TEST_F(slow_readers, an_intermediate_status_is_left_out) {
  auto client = stalled();
  stall(client);
  append_big();
  for (const auto state :
       {proto::upstream_state::offline, proto::upstream_state::connecting, proto::upstream_state::connected}) {
    publish_status(state);
    hub_->flush();
  }
  EXPECT_EQ(drain(client), (strings{"event 1", "status connected", "event 2"}));
}

TEST_F(slow_readers, learn_exactly_what_they_lost) {
  auto client = stalled();
  auto healthy = subscribed({"big"});
  stall(client);
  append_big();
  append("noise");
  append_big();
  hub_->flush();
  EXPECT_EQ(drain(healthy), (strings{"event 1", "event 2", "event 4"}));
  push_out(4);
  append_big();
  hub_->flush();
  const auto newest = events_->newest();
  EXPECT_EQ(drain(client), (strings{"event 1", "gap 2-4 2 slow", "event " + std::to_string(newest)}));
  EXPECT_EQ(hub_->counters().lost, 2u);
  EXPECT_EQ(drain(healthy), strings{"event " + std::to_string(newest)});
}

TEST_F(slow_readers, are_ended_rather_than_lose_anything_where_they_ask_for_it) {
  auto client = to_be_ended();
  client.send_message(proto::subscribe{2, {"rare"}, {}});
  run();
  EXPECT_FALSE(client.expect<proto::result>().error) << "a later subscription says nothing of it";
  stall(client);
  append("noise");
  push_out(2);
  EXPECT_EQ(hub_->size(), 1u) << "nothing of it was lost";
  append_big();
  push_out(events_->newest());
  EXPECT_EQ(hub_->size(), 1u);
  advance(std::chrono::milliseconds{0});
  EXPECT_EQ(drain(client), (strings{"event 1", "bye too_slow"}));
  EXPECT_TRUE(client.closed());
}

TEST_F(slow_readers, that_read_on_in_the_very_moment_are_ended_all_the_same) {
  auto client = to_be_ended();
  stall(client);
  append_big();
  push_out(2);
  EXPECT_EQ(drain(client), (strings{"event 1", "bye too_slow"}));
}

TEST_F(slow_readers, lost_upstream_gaps_keep_their_times) {
  auto client = stalled();
  stall(client);
  append_big();
  events_->append_upstream_gap(10, 20);
  push_out(3);
  run();
  read_on(client);
  EXPECT_EQ(client.expect<proto::event>().seq, 1u);
  const auto gap = client.expect<proto::gap>();
  EXPECT_EQ(gap.first, 2u);
  EXPECT_EQ(gap.last, 3u);
  EXPECT_EQ(gap.count, 1u);
  EXPECT_EQ(gap.reason, "slow");
  EXPECT_EQ(gap.from, 10);
  EXPECT_EQ(gap.until, 20);
}

TEST_F(slow_readers, a_lost_upstream_gap_alone_is_told_as_one) {
  auto client = stalled();
  stall(client);
  events_->append_upstream_gap(10, 20);
  push_out(2);
  read_on(client);
  EXPECT_EQ(client.expect<proto::event>().seq, 1u);
  EXPECT_EQ(client.expect<proto::gap>(), (proto::gap{2, 2, {}, "upstream", "", {}, 10, 20}));
}

TEST_F(slow_readers, unread_answers_end_the_connection_that_has_most_of_them) {
  options_.user_buffer = 100'000;
  make();
  auto greedy = subscribed({"big"}, {}, socket_buffer);
  stall(greedy);
  std::uint64_t id = 10;
  const auto reply_to = [&](std::size_t call) {
    answer reply;
    reply.payload = std::string(30'000, ' ');
    handler_.calls.at(call).done(std::move(reply));
    run();
  };
  const auto ask = [&](test_client& client) {
    client.send_message(proto::call{id++, "status", "{}"});
    run();
  };
  for (int i = 0; i < 3; ++i) ask(greedy);
  for (std::size_t i = 0; i < 3; ++i) reply_to(i);
  EXPECT_EQ(hub_->size(), 1u);
  auto modest = subscribed({"big"}, {}, socket_buffer);
  stall(modest);
  ask(modest);
  reply_to(3);  // passes the limit, but is not to blame
  EXPECT_EQ(drain(modest), (strings{"event 2", "result " + std::to_string(id - 1)}));
  EXPECT_FALSE(modest.closed());
  EXPECT_EQ(drain(greedy), (strings{"event 1", "bye buffer_exceeded"}));
  EXPECT_TRUE(greedy.closed());
  EXPECT_EQ(log_.count(log_level::warning), 1u);
}

TEST_F(slow_readers, an_answer_under_way_is_finished_before_bye) {
  options_.user_buffer = 100'000;
  make();
  auto client = welcomed(socket_buffer);
  for (std::uint64_t id = 1; id <= 5; ++id) client.send_message(proto::call{id, "status", "{}"});
  run();
  for (std::size_t i = 0; i < 5; ++i) {
    answer reply;
    reply.payload = std::string(i == 0 ? 2 : 30'000, ' ');
    handler_.calls.at(i).done(std::move(reply));
    if (i > 0) run();  // the first one goes out whole, together with a part of the second
  }
  EXPECT_EQ(drain(client), (strings{"result 1", "result 2", "bye buffer_exceeded"}));
}

std::string calls_and_an_emit(std::uint64_t calls) {
  std::string out;
  for (std::uint64_t id = 1; id <= calls; ++id) out += proto::encode(proto::call{id, "subscribers", "{}"});
  return out + proto::encode(proto::emit{calls + 1, "e", false, 1000, {}});
}

TEST_F(slow_readers, a_flood_of_requests_is_looked_at_as_its_answers_are_read) {
  options_.user_buffer = 10'000;
  make();
  auto client = welcomed(socket_buffer);
  strings answers;
  for (std::uint64_t id = 1; id <= 1000; ++id) answers.push_back("result " + std::to_string(id));
  client.send(calls_and_an_emit(1000));
  run();
  EXPECT_TRUE(handler_.emits.empty()) << "the answers before it wait";
  EXPECT_EQ(hub_->size(), 1u);
  EXPECT_EQ(drain(client), answers);
  EXPECT_EQ(handler_.emits.size(), 1u);
  EXPECT_EQ(log_.count(log_level::warning), 0u);
}

TEST_F(slow_readers, that_leave_are_heard_to_the_end) {
  auto client = welcomed(socket_buffer);
  client.send(calls_and_an_emit(1000));
  run();
  EXPECT_TRUE(handler_.emits.empty());
  client.close();
  run();
  EXPECT_EQ(handler_.emits.size(), 1u);
  EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(slow_readers, a_long_scan_is_gone_on_with) {
  auto client = subscribed({"a"});
  append("a");
  for (int i = 0; i < 10'000; ++i) append("noise");
  const auto last = append("a");
  hub_->flush();
  EXPECT_EQ(drain(client), (strings{"event 1", "event " + std::to_string(last)}));
}

TEST_F(slow_readers, frames_in_the_making_are_charged_too) {
  options_.user_buffer = 100'000;
  make();
  auto client = welcomed();
  const std::string frame = proto::encode(proto::emit{1, "e", false, 1000, {}}, std::as_bytes(std::span{arguments_}));
  for (std::size_t at = 0; at + 1 < frame.size() && hub_->size() > 0; at += 10'000) {
    client.send(frame.substr(at, std::min<std::size_t>(10'000, frame.size() - 1 - at)));
    run();
  }
  EXPECT_EQ(client.expect<proto::bye>().reason, "buffer_exceeded");
}

TEST_F(slow_readers, are_ended_as_soon_as_they_hold_too_much) {
  options_.user_buffer = 100'000;
  make();
  auto client = welcomed(socket_buffer);
  for (std::uint64_t id = 1; id <= 5; ++id) client.send_message(proto::call{id, "status", "{}"});
  run();
  for (std::size_t i = 0; i < 4; ++i) handler_.calls.at(i).done({.payload = std::string(30'000, ' ')});
  EXPECT_EQ(log_.count(log_level::warning), 1u) << "not only when the turn is over";
}

TEST_F(slow_readers, that_are_ended_do_not_keep_more_than_half_the_limit) {
  options_.user_buffer = 100'000;
  make();
  std::deque<test_client> clients;
  for (std::size_t i = 0; i < 4; ++i) {
    clients.push_back(welcomed(socket_buffer));
    clients.back().send_message(proto::call{i, "status", "{}"});
    run();
    handler_.calls.at(i).done({.payload = std::string(90'000, ' ')});
    run();  // a part of the answer goes out; what is left of it holds up BYE
  }
  EXPECT_EQ(hub_->size(), 1u) << "two halves of such answers are more than the half that is left for last words";
}

TEST_F(slow_readers, the_kernel_keeps_less_for_each_further_program_of_a_user) {
  std::deque<test_client> connections;
  const auto room_of_next = [&](uid_t user) {
    who_ = credentials{.pid = 1, .uid = user, .gid = user, .groups = {}};
    connections.push_back(connect());
    int size = 0;
    socklen_t length = sizeof size;
    EXPECT_EQ(::getsockopt(known_.rbegin()->first, SOL_SOCKET, SO_SNDBUF, &size, &length), 0);
    return static_cast<std::size_t>(size);
  };
  const std::size_t first = room_of_next(::geteuid() + 1);
  std::size_t last = first;
  for (int i = 0; i < 100; ++i) {
    const std::size_t next = room_of_next(::geteuid() + 1);
    EXPECT_LE(next, last);
    last = next;
  }
  EXPECT_EQ(last, smallest_socket_room);
  EXPECT_EQ(room_of_next(::geteuid() + 2), first) << "another user";
  EXPECT_GT(room_of_next(::geteuid()), first) << "who looks after the daemon has the system's";
}

TEST_F(slow_readers, a_copy_of_the_frame_under_way_is_charged) {
  options_.user_buffer = event_size * 3 / 4;
  make();
  auto client = stalled();
  stall(client);
  push_out(1);
  EXPECT_EQ(drain(client), (strings{"event 1", "bye buffer_exceeded"}));
}

TEST_F(slow_readers, without_room_for_that_copy_the_connection_is_cut) {
  options_.user_buffer = event_size / 4;
  make();
  auto client = stalled();
  stall(client);
  push_out(1);
  EXPECT_EQ(drain(client), strings{});
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(slow_readers, who_does_not_even_read_bye_is_closed_after_a_while) {
  auto client = stalled();
  stall(client);
  bool empty = false;
  hub_->shut_down([&empty] { empty = true; });
  run();
  EXPECT_FALSE(empty);
  advance(std::chrono::seconds{2});
  EXPECT_TRUE(empty);
}

TEST_F(slow_readers, may_leave_at_any_time) {
  auto client = stalled();
  stall(client);
  append_big();
  client.close();
  run();
  EXPECT_EQ(hub_->size(), 0u);
  push_out(2);
}

// ---- what is held

class deaf_listener final : public peer_output::listener {
 public:
  void on_output_pending() override {}
  void on_output_lost() override {}
  void on_output_waits_for_room() override {}
  void on_output_delivered(std::span<const log::arrival>) override {}
};

class held_output : public testing::Test {
 protected:
  void push(int frames) {
    const std::string payload(10'000, 'x');
    while (frames-- > 0) ASSERT_TRUE(output_.push(proto::frame_type::result, "{}", std::as_bytes(std::span{payload})));
  }
  // The socket takes so much.
  void take(std::size_t bytes) {
    log::work allowed;
    output_.gather(pieces_, allowed);
    output_.taken(pieces_, std::min(bytes, pieces_.bytes()));
  }

  deaf_listener listener_;
  log::event_log events_{2u << 20, 1};
  std::shared_ptr<user_account> account_ = std::make_shared<user_account>();
  charge held_{account_};
  const std::size_t limit_ = 8u << 20;
  peer_output output_{listener_, events_, held_, limit_};
  peer_output::pieces pieces_;
};

TEST_F(held_output, is_given_back_when_all_has_been_taken) {
  push(100);
  EXPECT_GE(account_->bytes, 1'000'000u);
  take(999'000);
  EXPECT_LT(account_->bytes, 100'000u);
  take(SIZE_MAX);
  EXPECT_EQ(account_->bytes, 0u);
}

TEST_F(held_output, is_given_back_when_it_is_dropped) {
  push(100);
  take(5000);
  output_.drop_control();
  EXPECT_LT(account_->bytes, 15'000u) << "the rest of the frame under way";
  take(SIZE_MAX);
  EXPECT_EQ(account_->bytes, 0u);
}

TEST_F(held_output, counts_what_is_allocated) {
  push(65);
  EXPECT_GE(account_->bytes, output_.held());
  EXPECT_GT(account_->bytes, 65u * 10'010) << "a string that grows has more than it uses";
}

}  // namespace
}  // namespace roombridge::local
