// SPDX-License-Identifier: MIT
#include <roombridge/client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include <sys/socket.h>
#include <unistd.h>

#include "scripted_daemon.hpp"

namespace roombridge::test {
namespace {

using proto::frame_type;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// A client over one end of a socket pair; what the daemon will say is written into the other end before it is asked.
class client_over_a_pair : public testing::Test {
 protected:
  client_over_a_pair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
    say(welcome_frame());
    const auto failed = client_.connect_over(ends_[1]);
    EXPECT_FALSE(failed);
  }
  ~client_over_a_pair() override { hang_up(); }

  void say(const std::string& frames) const {
    ASSERT_EQ(::send(ends_[0], frames.data(), frames.size(), 0), static_cast<ssize_t>(frames.size()));
  }
  void hang_up() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  std::vector<received_frame> heard() const {
    std::vector<received_frame> out;
    std::vector<std::byte> buffer(65'536);
    const auto count = ::recv(ends_[0], buffer.data(), buffer.size(), MSG_DONTWAIT);
    proto::frame_decoder decoder;
    decoder.feed(std::span{buffer}.first(static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    while (const auto frame = decoder.next()) out.push_back({frame->type, std::string{frame->head}, {}});
    return out;
  }
  template <class T>
  T next() {
    const auto got = client_.next(seconds{10});
    EXPECT_TRUE(got && std::holds_alternative<T>(*got));
    return got && std::holds_alternative<T>(*got) ? std::get<T>(*got) : T{};
  }

  int ends_[2] = {-1, -1};
  client client_{{.name = "test", .timeout = seconds{10}}};
};

TEST_F(client_over_a_pair, knows_the_daemon) {
  EXPECT_EQ(client_.daemon().server, "roombridged 0.1.0");
  EXPECT_EQ(heard().at(0).head, R"({"versions":[1],"client":"test"})");
}

TEST_F(client_over_a_pair, keeps_what_comes_while_a_request_waits) {
  say(proto::encode(proto::result{1, {}, {}, {}}) + proto::encode(status{}) + proto::encode(live{5}));
  EXPECT_EQ(*client_.subscribe({}), 1u);
  say(proto::encode(proto::event{6, 1, "early", {}, {}, false}) + proto::encode(proto::result{2, {}, {}, {}}) +
      proto::encode(proto::event{7, 1, "late", {}, {}, false}));
  EXPECT_TRUE(client_.call("status"));
  next<status>();
  EXPECT_EQ(next<live>().seq, 5u);
  EXPECT_EQ(next<event>().name, "early");
  EXPECT_EQ(next<event>().name, "late");
}

TEST_F(client_over_a_pair, a_refused_subscription_is_a_failure_with_its_reason) {
  say(proto::encode(proto::result{1, proto::make_error(error_code::not_permitted, "not yours"), {}, {}}));
  const auto got = client_.subscribe({});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::refused);
  EXPECT_THAT(got.error().text, HasSubstr("not yours"));
  EXPECT_EQ(got.error().error->code, error_code::not_permitted);
}

TEST_F(client_over_a_pair, an_emit_gives_its_acknowledgement) {
  const std::string payload = R"([{"ok":true}]ab)";
  say(proto::encode(proto::result{1, {}, emit_outcome::acked, {2}}, std::as_bytes(std::span{payload})));
  const auto got = client_.emit({.event = "x", .ack = true});
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->ok());
  EXPECT_EQ(got->outcome, emit_outcome::acked);
  EXPECT_EQ(got->payload, R"([{"ok":true}])");
  EXPECT_EQ(got->attachments, (std::vector<std::string>{"ab"}));
}

TEST_F(client_over_a_pair, an_emit_that_failed_still_says_its_outcome) {
  say(proto::encode(
      proto::result{1, proto::make_error(error_code::not_connected, "offline"), emit_outcome::not_sent, {}}));
  const auto got = client_.emit({.event = "x"});
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->ok());
  EXPECT_TRUE(got->error->retry);
  EXPECT_EQ(got->outcome, emit_outcome::not_sent);
}

TEST_F(client_over_a_pair, next_gives_up_in_time) {
  EXPECT_FALSE(client_.next(milliseconds{0}));
  EXPECT_FALSE(client_.next(milliseconds{1}));
}

TEST_F(client_over_a_pair, answers_ping_while_it_waits) {
  (void)heard();
  say(proto::encode(proto::ping{9, 1000}) + proto::encode(live{1}));
  next<live>();
  EXPECT_EQ(heard().at(0).type, frame_type::pong);
}

TEST_F(client_over_a_pair, the_end_is_a_message_and_stays) {
  (void)heard();
  say(proto::encode(bye{"shutdown", "the daemon stops", true}));
  hang_up();
  EXPECT_EQ(next<bye>().reason, "shutdown");
  EXPECT_THAT(next<closed>().why.text, HasSubstr("the daemon stops"));
  EXPECT_THAT(next<closed>().why.text, HasSubstr("the daemon stops"));
  const auto late = client_.call("status");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, failure_kind::not_connected);
  EXPECT_FALSE(late.error().sent);
}

TEST_F(client_over_a_pair, a_request_fails_when_the_connection_ends) {
  (void)heard();
  hang_up();
  const auto got = client_.call("status");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::closed);
  EXPECT_TRUE(got.error().sent);
  next<closed>();
}

TEST_F(client_over_a_pair, reads_what_was_said_before_the_end_even_when_writing_fails) {
  (void)heard();
  say(proto::encode(live{3}));
  hang_up();
  EXPECT_TRUE(client_.core().call("status"));
  EXPECT_EQ(next<live>().seq, 3u);
  next<closed>();
}

TEST_F(client_over_a_pair, serves_an_event_loop_without_blocking) {
  (void)heard();
  EXPECT_EQ(client_.native_handle(), ends_[1]);
  EXPECT_FALSE(client_.try_next());
  client_.on_readable();
  ASSERT_TRUE(client_.core().subscribe({}));
  EXPECT_TRUE(client_.wants_write());
  client_.on_writable();
  EXPECT_FALSE(client_.wants_write());
  EXPECT_EQ(heard().at(0).type, frame_type::subscribe);
  say(proto::encode(proto::result{1, {}, {}, {}}));
  EXPECT_FALSE(client_.try_next());
  client_.on_readable();
  const auto got = client_.try_next();
  ASSERT_TRUE(got);
  EXPECT_EQ(std::get<answer>(*got).id, 1u);
}

TEST_F(client_over_a_pair, a_large_request_goes_out_in_pieces) {
  (void)heard();
  ASSERT_TRUE(client_.core().emit({.event = "x", .arguments = "[\"" + std::string(900'000, 'x') + "\"]"}));
  std::size_t got = 0;
  std::vector<char> buffer(65'536);
  while (client_.wants_write() || got < 900'000) {
    client_.on_writable();
    const auto count = ::recv(ends_[0], buffer.data(), buffer.size(), MSG_DONTWAIT);
    ASSERT_GT(count, 0);
    got += static_cast<std::size_t>(count);
  }
  EXPECT_GT(got, 900'000u);
}

TEST(client, says_what_to_do_when_nobody_is_there) {
  client nobody{{.socket = "/nonexistent/roombridge.sock"}};
  const auto failed = nobody.connect();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, failure_kind::unreachable);
  client no_socket{{.socket = "/etc/passwd"}};
  EXPECT_THAT(no_socket.connect()->text, HasSubstr("not a socket"));
  EXPECT_THAT(failed->text, HasSubstr("/nonexistent/roombridge.sock"));
  EXPECT_TRUE(std::holds_alternative<closed>(*nobody.next()));
  client too_long{{.socket = std::string(200, 'x')}};
  EXPECT_EQ(too_long.connect()->kind, failure_kind::unreachable);
}

TEST(client, notices_a_daemon_that_refuses_it) {
  scripted_daemon daemon{
      {{{{frame_type::hello, proto::encode(bye{"too_many_connections", "no room for more", true})}}, true}}};
  client one{{.socket = daemon.path(), .timeout = seconds{10}}};
  const auto failed = one.connect();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, failure_kind::closed);
  EXPECT_THAT(failed->text, HasSubstr("no room for more"));
}

TEST(client, gives_up_on_a_daemon_that_says_nothing) {
  scripted_daemon daemon{{{{}, false}}};
  client one{{.socket = daemon.path(), .timeout = milliseconds{10}}};
  const auto failed = one.connect();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, failure_kind::timeout);
  EXPECT_FALSE(one.call("status"));
}

TEST(client, finds_the_socket_by_itself) {
  ::setenv("ROOMBRIDGE_SOCKET", "/tmp/x", 1);
  EXPECT_EQ(default_socket_path(), "/tmp/x");
  ::setenv("ROOMBRIDGE_SOCKET", "", 1);
  EXPECT_EQ(default_socket_path(), "/run/roombridge/roombridge.sock");
  ::unsetenv("ROOMBRIDGE_SOCKET");
  EXPECT_EQ(default_socket_path(), "/run/roombridge/roombridge.sock");
}

TEST(client, comes_back_and_subscribes_again) {
  const std::string ok = proto::encode(proto::result{1, {}, {}, {}});
  const std::string again =
      proto::encode(proto::result{2, {}, {}, {}}) + proto::encode(proto::event{9, 1, "back", {}, {}, false});
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  scripted_daemon daemon{{
      {{{frame_type::hello, welcome_frame()}, {frame_type::subscribe, ok + goodbye}}, true},
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, again},
        {frame_type::unsubscribe, proto::encode(proto::result{3, {}, {}, {}})}},
       false},
  }};
  {
    client one{{.socket = daemon.path(), .timeout = seconds{10}, .reconnect = true}};
    ASSERT_FALSE(one.connect());
    const auto made = one.subscribe({{"back"}, {}});
    ASSERT_TRUE(made);
    EXPECT_TRUE(std::holds_alternative<bye>(*one.next()));
    EXPECT_TRUE(std::holds_alternative<closed>(*one.next()));
    EXPECT_FALSE(one.next(milliseconds{1})) << "it is not yet time to come back";
    EXPECT_TRUE(std::holds_alternative<welcome>(*one.next()));
    EXPECT_EQ(std::get<event>(*one.next()).name, "back");
    EXPECT_FALSE(one.unsubscribe(*made));
  }
  const auto& frames = daemon.received();
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[3].head, R"({"id":2,"events":["back"],"since":{"epoch":"8c0d3a5b7e9f1024","seq":1042}})");
  EXPECT_EQ(frames[4].head, R"({"id":3,"subscription":2})") << "the subscription's id on the new connection";
}

TEST(client, replaces_a_subscription_and_asks_for_the_new_one_after_coming_back) {
  const auto result = [](request_id id, std::optional<error_info> error = {}) {
    return proto::encode(proto::result{id, std::move(error), {}, {}});
  };
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  scripted_daemon daemon{{
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, result(1)},
        {frame_type::subscribe, result(2)},
        {frame_type::subscribe, result(3, proto::make_error(error_code::not_permitted, "no")) + goodbye}},
       true},
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, result(4)},
        {frame_type::subscribe, result(5)},
        {frame_type::unsubscribe, result(6)}},
       false},
  }};
  {
    client one{{.socket = daemon.path(), .timeout = seconds{10}, .reconnect = true}};
    ASSERT_FALSE(one.connect());
    const auto made = one.subscribe({{"a"}, {}});
    ASSERT_TRUE(made);
    EXPECT_FALSE(one.replace(*made, {{"b"}, {}}));
    EXPECT_EQ(one.replace(*made, {{"c"}, {}})->kind, failure_kind::refused);
    while (!std::holds_alternative<welcome>(*one.next())) {
    }
    EXPECT_FALSE(one.replace(*made, {{"d"}, {}}));
    EXPECT_FALSE(one.unsubscribe(*made));
  }
  const auto& frames = daemon.received();
  ASSERT_EQ(frames.size(), 8u);
  EXPECT_EQ(frames[2].head, R"({"id":2,"events":["b"],"replaces":1})");
  EXPECT_EQ(frames[3].head, R"({"id":3,"events":["c"],"replaces":2})");
  EXPECT_EQ(frames[5].head, R"({"id":4,"events":["b"],"since":{"epoch":"8c0d3a5b7e9f1024","seq":1042}})");
  EXPECT_EQ(frames[6].head, R"({"id":5,"events":["d"],"replaces":4})");
  EXPECT_EQ(frames[7].head, R"({"id":6,"subscription":5})");
}

TEST(client, goes_on_behind_the_last_message_that_it_gave) {
  const auto ok = [](request_id id) { return proto::encode(proto::result{id, {}, {}, {}}); };
  const auto event = [](std::uint64_t seq) { return proto::encode(proto::event{seq, 1, "e", {}, {}, false}); };
  const std::string anew = proto::encode(gap{1050, 1050, {}, "epoch", "", {}, {}, {}, "0f00000000000001"});
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  scripted_daemon daemon{{
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, ok(1) + proto::encode(live{1042})},
        {frame_type::subscribe, ok(2) + event(1043) + anew + event(1051) + goodbye}},
       true},
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, ok(3)},
        {frame_type::subscribe, ok(4) + event(1052) + goodbye}},
       true},
  }};
  {
    client one{{.socket = daemon.path(), .timeout = seconds{10}, .reconnect = true}};
    ASSERT_FALSE(one.connect());
    EXPECT_EQ(one.position(), (log_position{"8c0d3a5b7e9f1024", 1042}));
    ASSERT_TRUE(one.subscribe({{"a"}, {}}, {.since = log_position{"8c0d3a5b7e9f1024", 1000}}));
    EXPECT_EQ(one.position().seq, 1000u);
    ASSERT_TRUE(one.subscribe({{"b"}, {}}));
    while (!std::holds_alternative<closed>(*one.next())) {
    }
    EXPECT_EQ(one.position(), (log_position{"0f00000000000001", 1051}));
    EXPECT_TRUE(std::holds_alternative<welcome>(*one.next()));
    EXPECT_EQ(std::get<roombridge::event>(*one.next()).seq, 1052u);
    EXPECT_EQ(one.position().seq, 1052u);
    EXPECT_EQ(one.subscribe({}, {.since = log_position{"here", 0}}).error().kind, failure_kind::invalid_argument);
  }
  const auto& frames = daemon.received();
  EXPECT_EQ(frames[1].head, R"({"id":1,"events":["a"],"since":{"epoch":"8c0d3a5b7e9f1024","seq":1000}})");
  EXPECT_EQ(frames[4].head, R"({"id":3,"events":["a"],"since":{"epoch":"0f00000000000001","seq":1051},"more":true})");
  EXPECT_EQ(frames[5].head, R"({"id":4,"events":["b"]})");
}

TEST(client, of_a_named_subscriber_stands_where_the_daemon_says) {
  welcome greeting = *proto::parse<welcome>(std::string_view{welcome_frame()}.substr(proto::header_size));
  greeting.position = log_position{greeting.epoch, 1000};
  const auto durable = [](request_id id, bool yes) {
    proto::result result{id, {}, {}, {}};
    result.durable = yes;
    return proto::encode(result);
  };
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  scripted_daemon daemon{{
      {{{frame_type::hello, proto::encode(greeting)},
        {frame_type::subscribe,
         proto::encode(proto::result{1, {}, {}, {}}) + proto::encode(proto::event{1001, 1, "e", {}, {}, false})},
        {frame_type::ack, durable(2, true)},
        {frame_type::subscribe, proto::encode(proto::result{3, {}, {}, {}})},
        {frame_type::ack, durable(4, false) + goodbye}},
       true},
      {{{frame_type::hello, proto::encode(greeting)},
        {frame_type::subscribe, proto::encode(proto::result{5, {}, {}, {}})},
        {frame_type::subscribe, proto::encode(proto::result{6, {}, {}, {}}) + proto::encode(live{1002})}},
       true},
  }};
  {
    client one{{.socket = daemon.path(), .subscriber = "till-3", .timeout = seconds{10}, .reconnect = true}};
    ASSERT_FALSE(one.connect());
    ASSERT_TRUE(one.subscribe({{"a"}, {}}));
    EXPECT_EQ(one.position().seq, 1000u);
    EXPECT_EQ(std::get<roombridge::event>(*one.next()).seq, 1001u);
    EXPECT_TRUE(*one.ack());
    ASSERT_TRUE(one.subscribe({{"b"}, {}}));
    EXPECT_EQ(one.position().seq, 1001u) << "only the first one begins anywhere";
    EXPECT_FALSE(*one.ack(log_position{greeting.epoch, 7}));
    EXPECT_EQ(one.ack(log_position{"here", 7}).error().kind, failure_kind::invalid_argument);
    while (!std::holds_alternative<live>(*one.next())) {
    }
  }
  const auto& frames = daemon.received();
  EXPECT_THAT(frames[0].head, HasSubstr(R"("subscriber":"till-3")"));
  EXPECT_EQ(frames[2].head, R"({"id":2,"epoch":"8c0d3a5b7e9f1024","seq":1001})");
  EXPECT_EQ(frames[4].head, R"({"id":4,"epoch":"8c0d3a5b7e9f1024","seq":7})");
  EXPECT_THAT(frames[5].head, HasSubstr(R"("subscriber":"till-3")"));
  EXPECT_THAT(frames[6].head, HasSubstr(R"("since":{"epoch":"8c0d3a5b7e9f1024","seq":1001})"));
}

TEST(client, with_a_subscribers_name_that_cannot_be) {
  for (const std::string& name : {std::string(65, 'x'), std::string{"a\nb"}, std::string{"\xff"}}) {
    client one{{.socket = "/nonexistent/s", .subscriber = name}};
    EXPECT_EQ(one.connect()->kind, failure_kind::invalid_argument);
  }
}

TEST(client, holds_a_room_and_again_after_coming_back) {
  const auto result = [](request_id id, room_state state) {
    proto::result made{id, {}, {}, {}};
    made.state = state;
    return proto::encode(made);
  };
  const std::string refused =
      proto::encode(proto::result{2, proto::make_error(error_code::room_refused, "not yours"), {}, {}});
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  scripted_daemon daemon{{
      {{{frame_type::hello, welcome_frame()},
        {frame_type::join, result(1, room_state::waiting)},
        {frame_type::join, refused + goodbye}},
       true},
      {{{frame_type::hello, welcome_frame()},
        {frame_type::join, result(3, room_state::joined) + proto::encode(live{5})},
        {frame_type::leave, proto::encode(proto::result{4, {}, {}, {}})}},
       false},
  }};
  {
    client one{{.socket = daemon.path(), .timeout = seconds{10}, .reconnect = true}};
    ASSERT_FALSE(one.connect());
    EXPECT_EQ(one.join("").error().kind, failure_kind::invalid_argument);
    EXPECT_EQ(one.join("a", milliseconds{0}).error().kind, failure_kind::invalid_argument);
    EXPECT_EQ(*one.join("shop-9", milliseconds{5000}), room_state::waiting);
    const auto no = one.join("shop-8");
    ASSERT_FALSE(no);
    EXPECT_EQ(no.error().kind, failure_kind::refused);
    EXPECT_THAT(no.error().text, HasSubstr("not yours"));
    EXPECT_TRUE(std::holds_alternative<bye>(*one.next()));
    EXPECT_TRUE(std::holds_alternative<closed>(*one.next()));
    EXPECT_TRUE(std::holds_alternative<welcome>(*one.next()));
    EXPECT_TRUE(std::holds_alternative<live>(*one.next())) << "the answer is nobody's";
    EXPECT_FALSE(one.leave("shop-9"));
  }
  const auto& frames = daemon.received();
  ASSERT_EQ(frames.size(), 6u);
  EXPECT_EQ(frames[1].head, R"({"id":1,"room":"shop-9","deadline_ms":5000})");
  EXPECT_EQ(frames[4].head, R"({"id":3,"room":"shop-9"})") << "and not the one that was refused";
  EXPECT_EQ(frames[5].head, R"({"id":4,"room":"shop-9"})");
}

// The listener's backlog takes the second connection; nobody answers its HELLO.
TEST(client, coming_back_to_a_daemon_that_hangs_takes_no_longer_than_next_may) {
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()}}, true}}};
  client one{{.socket = daemon.path(), .timeout = std::chrono::hours{1}, .reconnect = true}};
  ASSERT_FALSE(one.connect());
  EXPECT_TRUE(std::holds_alternative<closed>(one.next().value()));
  EXPECT_FALSE(one.next(milliseconds{400}));
}

TEST(client, does_not_come_back_when_it_makes_no_sense) {
  scripted_daemon daemon{
      {{{{frame_type::hello, welcome_frame() + proto::encode(bye{"protocol_error", "x", false})}}, true}}};
  client one{{.socket = daemon.path(), .timeout = seconds{10}, .reconnect = true}};
  ASSERT_FALSE(one.connect());
  EXPECT_TRUE(std::holds_alternative<bye>(one.next(seconds{10}).value()));
  for (int again = 0; again < 2; ++again) EXPECT_FALSE(std::get<closed>(one.next(seconds{2}).value()).reconnect);
}

}  // namespace
}  // namespace roombridge::test
