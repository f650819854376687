// SPDX-License-Identifier: MIT
#include <roombridge/client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scripted_daemon.hpp"

namespace roombridge::test {
namespace {

using proto::frame_type;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

void connect(client& one) {
  const auto failed = one.connect();
  ASSERT_FALSE(failed) << failed->text;
  EXPECT_TRUE(std::holds_alternative<welcome>(one.next().value()));
}

// A client over one end of a socket pair; what the daemon will say is written into the other end before it is asked.
class client_over_a_pair : public testing::Test {
 protected:
  client_over_a_pair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
    say(welcome_frame());
    EXPECT_FALSE(client_.connect_over(ends_[1]));
    next<welcome>();
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
  say(proto::encode(proto::result{1, proto::make_error(error_code::not_permitted, "not yours\x1b"), {}, {}}));
  const auto got = client_.subscribe({});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::refused);
  EXPECT_THAT(got.error().text, HasSubstr(R"(not yours\u001b)")) << "safe to be shown";
  EXPECT_EQ(got.error().error->code, error_code::not_permitted);
  EXPECT_EQ(got.error().error->text, "not yours\x1b") << "as it was said";
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

TEST_F(client_over_a_pair, the_end_is_the_last_message) {
  (void)heard();
  say(proto::encode(bye{"shutdown", "the daemon stops", true}));
  hang_up();
  EXPECT_EQ(next<bye>().reason, "shutdown");
  EXPECT_THAT(next<closed>().why.text, HasSubstr("the daemon stops"));
  EXPECT_FALSE(client_.next()) << "nothing will come, so nothing is waited for";
  EXPECT_THAT(client_.last_end().text, HasSubstr("the daemon stops"));
  const auto late = client_.call("status");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, failure_kind::not_connected);
  EXPECT_FALSE(late.error().sent);
}

TEST_F(client_over_a_pair, nothing_is_sent_to_a_daemon_that_has_gone_unnoticed) {
  (void)heard();
  say(proto::encode(live{3}));
  hang_up();
  const auto got = client_.emit({.event = "x"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::not_connected);
  EXPECT_FALSE(got.error().sent);
  EXPECT_EQ(next<live>().seq, 3u);
  next<closed>();
}

// Many more events come before the answer than may be kept.
TEST(client, a_request_reads_no_more_than_the_inbox_holds) {
  const std::string filling(1000, ' ');
  std::string flood;
  for (std::uint64_t seq = 1043; seq < 3043; ++seq) {
    flood += proto::encode(proto::event{seq, 1, "e", {}, {}, false}, std::as_bytes(std::span{filling}));
  }
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, proto::encode(proto::result{1, {}, {}, {}})},
                            {frame_type::emit, flood + proto::encode(proto::result{2, {}, {}, {}})}},
                           false}}};
  client one{{.socket = daemon.path(), .timeout = seconds{60}, .reconnect = false, .inbox_limit = 100'000}};
  connect(one);
  ASSERT_TRUE(one.subscribe({}));
  const auto got = one.emit({.event = "x"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::inbox_full);
  EXPECT_TRUE(got.error().sent);
  const auto again = one.emit({.event = "x"});
  EXPECT_EQ(again.error().kind, failure_kind::inbox_full);
  EXPECT_FALSE(again.error().sent);
  for (std::uint64_t seq = 1043; seq < 3043; ++seq) EXPECT_EQ(std::get<event>(one.next().value()).seq, seq);
  EXPECT_EQ(std::get<answer>(one.next().value()).id, 2u) << "it comes after all, as a message";
}

TEST(client, an_answer_is_found_behind_more_events_than_may_be_kept_and_these_come_again) {
  const std::string filling(1000, ' ');
  const auto event = [&](std::uint64_t seq) {
    return proto::encode(proto::event{seq, 1, "e", {}, {}, false}, std::as_bytes(std::span{filling}));
  };
  std::string flood;
  for (std::uint64_t seq = 1043; seq < 3043; ++seq) flood += event(seq);
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, proto::encode(proto::result{1, {}, {}, {}})},
                            {frame_type::emit, flood + proto::encode(proto::result{2, {}, {}, {}})}},
                           false},
                          {{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, proto::encode(proto::result{3, {}, {}, {}}) + event(9000)}},
                           false}}};
  std::uint64_t last = 1042;
  {
    client one{{.socket = daemon.path(), .timeout = seconds{60}, .inbox_limit = 100'000}};
    connect(one);
    ASSERT_TRUE(one.subscribe({}));
    ASSERT_TRUE(one.emit({.event = "x"}));
    for (;;) {
      const auto seq = std::get<roombridge::event>(one.next().value()).seq;
      if (seq == 9000) break;
      EXPECT_EQ(seq, ++last);
    }
  }
  EXPECT_LT(last, 1250u) << "of 100 kB";
  EXPECT_THAT(daemon.received().back().head, HasSubstr("\"seq\":" + std::to_string(last) + "}}"));
}

TEST(client, a_request_whose_answer_the_end_overtook_may_have_been_carried_out) {
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()}, {frame_type::emit, ""}}, true}}};
  client one{{.socket = daemon.path(), .timeout = seconds{60}}};
  const auto got = one.emit({.event = "x"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, failure_kind::closed);
  EXPECT_TRUE(got.error().sent);
}

TEST(client, stop_ends_a_wait_from_another_thread_and_all_later_ones) {
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()}}, false}}};
  client one{{.socket = daemon.path(), .timeout = std::chrono::hours{1}}};
  connect(one);
  std::thread other{[&] { one.stop(); }};
  EXPECT_FALSE(one.next());
  other.join();
  EXPECT_FALSE(one.next());
  EXPECT_EQ(one.call("status").error().kind, failure_kind::stopped);
  EXPECT_TRUE(one.is_stopped());
}

TEST(client, stop_ends_the_wait_for_a_daemon_that_is_not_there) {
  client one{{.socket = "/nonexistent/s"}};
  EXPECT_TRUE(std::holds_alternative<closed>(one.next().value()));
  std::thread other{[&] { one.stop(); }};
  EXPECT_FALSE(one.next());
  other.join();
}

TEST(client, a_stop_token_ends_one_wait) {
  scripted_daemon daemon{
      {{{{frame_type::hello, welcome_frame()}, {frame_type::call, proto::encode(proto::result{1, {}, {}, {}})}},
        false}}};
  client one{{.socket = daemon.path(), .timeout = seconds{10}}};
  connect(one);
  std::stop_source source;
  std::thread other{[&] { source.request_stop(); }};
  EXPECT_FALSE(one.next(source.get_token()));
  other.join();
  EXPECT_FALSE(one.next(source.get_token())) << "it was requested before";
  EXPECT_TRUE(one.call("status")) << "the client is as it was";
}

client* signalled = nullptr;
volatile std::sig_atomic_t signals = 0;

// The signal comes again and again, until one has come while next() waits.
TEST(client, a_signal_ends_a_wait_and_stop_may_be_called_in_its_handler) {
  struct sigaction quiet {};
  quiet.sa_handler = [](int) { signals = signals + 1; };
  quiet.sa_flags = SA_RESTART;
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &quiet, &before), 0);
  client one{{.socket = "/nonexistent/s"}};
  EXPECT_TRUE(std::holds_alternative<closed>(one.next().value()));
  const auto self = ::pthread_self();
  std::atomic<bool> ended{false};
  const auto send_until_ended = [&] {
    while (!ended) {
      ::pthread_kill(self, SIGUSR1);
      std::this_thread::yield();
    }
  };
  std::thread other{send_until_ended};
  EXPECT_FALSE(one.next());
  EXPECT_GT(signals, 0);
  EXPECT_FALSE(one.is_stopped());
  ended = true;
  other.join();

  signalled = &one;
  quiet.sa_handler = [](int) { signalled->stop(); };
  ASSERT_EQ(::sigaction(SIGUSR1, &quiet, nullptr), 0);
  ::pthread_kill(self, SIGUSR1);
  EXPECT_FALSE(one.next()) << "a signal that came before the wait ends it as well";
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(client, in_a_poll_loop_waits_for_the_daemon_and_comes_back_without_blocking) {
  const std::string ok = proto::encode(proto::result{1, {}, {}, {}});
  const std::string goodbye = proto::encode(bye{"shutdown", "restart", true});
  const auto event = [](std::uint64_t seq) { return proto::encode(proto::event{seq, 1, "e", {}, {}, false}); };
  scripted_daemon daemon{{
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, proto::encode(proto::result{2, {}, {}, {}}) + event(1043) + goodbye}},
       true},
      {{{frame_type::hello, welcome_frame()},
        {frame_type::subscribe, proto::encode(proto::result{3, {}, {}, {}}) + event(1044) + goodbye}},
       true},
  }};
  {
    client one{{.socket = daemon.path()}};
    ASSERT_EQ(*one.core().subscribe({}), 1u);
    EXPECT_EQ(one.native_handle(), -1);
    EXPECT_EQ(one.timeout_ms(), 0);
    std::vector<std::uint64_t> seqs;
    while (seqs.size() < 2) {
      pollfd entry{one.native_handle(), one.events(), 0};
      ASSERT_GE(::poll(&entry, 1, one.timeout_ms()), 0);
      while (const auto got = one.try_next()) {
        if (const auto* came = std::get_if<roombridge::event>(&*got)) seqs.push_back(came->seq);
      }
    }
    EXPECT_THAT(seqs, testing::ElementsAre(1043u, 1044u));
  }
  EXPECT_THAT(daemon.received().at(3).head, HasSubstr(R"("since":{"epoch":"8c0d3a5b7e9f1024","seq":1043})"));
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
  EXPECT_EQ(client_.timeout_ms(), -1);
  EXPECT_FALSE(client_.try_next());
  EXPECT_EQ(client_.events(), POLLIN);
  ASSERT_TRUE(client_.core().subscribe({}));
  EXPECT_EQ(client_.events(), POLLIN | POLLOUT);
  EXPECT_FALSE(client_.try_next());
  EXPECT_EQ(client_.events(), POLLIN);
  EXPECT_EQ(heard().at(0).type, frame_type::subscribe);
  say(proto::encode(proto::result{1, {}, {}, {}}) + proto::encode(live{1}));
  const auto got = client_.try_next();
  ASSERT_TRUE(got);
  EXPECT_EQ(std::get<answer>(*got).id, 1u);
  EXPECT_EQ(client_.timeout_ms(), 0) << "there is another one";
  EXPECT_TRUE(client_.try_next());
  hang_up();
  EXPECT_TRUE(std::holds_alternative<closed>(client_.try_next().value()));
  EXPECT_EQ(client_.native_handle(), -1);
}

TEST_F(client_over_a_pair, a_large_request_goes_out_in_pieces) {
  (void)heard();
  ASSERT_TRUE(client_.core().emit({.event = "x", .arguments = "[\"" + std::string(900'000, 'x') + "\"]"}));
  std::size_t got = 0;
  std::vector<char> buffer(65'536);
  while (got < 900'000) {
    EXPECT_FALSE(client_.try_next());
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
    client one{{.socket = daemon.path(), .timeout = seconds{10}}};
    connect(one);
    const auto made = one.subscribe({{"back"}, {}});
    ASSERT_TRUE(made);
    EXPECT_TRUE(std::holds_alternative<bye>(*one.next()));
    EXPECT_TRUE(std::holds_alternative<closed>(*one.next()));
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
    client one{{.socket = daemon.path(), .timeout = seconds{10}}};
    connect(one);
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
    client one{{.socket = daemon.path(), .timeout = seconds{10}}};
    connect(one);
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
    client one{{.socket = daemon.path(), .subscriber = "till-3", .timeout = seconds{10}}};
    connect(one);
    ASSERT_TRUE(one.subscribe({{"a"}, {}}));
    EXPECT_EQ(one.position().seq, 1000u);
    EXPECT_EQ(std::get<roombridge::event>(*one.next()).seq, 1001u);
    EXPECT_TRUE(*one.ack_wait());
    ASSERT_TRUE(one.subscribe({{"b"}, {}}));
    EXPECT_EQ(one.position().seq, 1001u) << "only the first one begins anywhere";
    EXPECT_FALSE(*one.ack_wait(log_position{greeting.epoch, 7}));
    EXPECT_EQ(one.ack_wait(log_position{"here", 7}).error().kind, failure_kind::invalid_argument);
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

TEST(client, an_ack_reads_nothing_so_that_a_backlog_stays_where_it_is) {
  const auto event = [](std::uint64_t seq) { return proto::encode(proto::event{seq, 1, "e", {}, {}, false}); };
  const std::string durable = proto::encode(proto::result{2, {}, {}, {}});
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, proto::encode(proto::result{1, {}, {}, {}}) + event(1043)},
                            {frame_type::ack, event(1044) + durable + event(1045)},
                            {frame_type::call, proto::encode(proto::result{3, {}, {}, {}})},
                            {frame_type::ack, ""}},
                           false}}};
  {
    client one{{.socket = daemon.path(), .subscriber = "till"}};
    connect(one);
    ASSERT_TRUE(one.subscribe({}));
    EXPECT_TRUE(one.next());
    pollfd entry{one.native_handle(), POLLIN, 0};
    EXPECT_FALSE(one.ack());
    ASSERT_EQ(::poll(&entry, 1, 10'000), 1) << "there is something now";
    EXPECT_FALSE(one.ack());
    EXPECT_FALSE(one.core().has_message());
    EXPECT_EQ(std::get<roombridge::event>(*one.next()).seq, 1044u);
    EXPECT_EQ(std::get<roombridge::event>(*one.next()).seq, 1045u) << "and the answer is nobody's";
    EXPECT_TRUE(one.call("status"));
    EXPECT_FALSE(one.ack());
  }
  EXPECT_THAT(daemon.received().back().head, HasSubstr(R"("seq":1045})")) << "the last one goes out with the client";
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
    client one{{.socket = daemon.path(), .timeout = seconds{10}}};
    connect(one);
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
  client one{{.socket = daemon.path(), .timeout = std::chrono::hours{1}}};
  connect(one);
  EXPECT_TRUE(std::holds_alternative<closed>(one.next().value()));
  EXPECT_FALSE(one.next(milliseconds{400}));
}

TEST(client, does_not_come_back_when_it_makes_no_sense) {
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, proto::encode(bye{"protocol_error", "x", false})}},
                           true}}};
  client one{{.socket = daemon.path(), .timeout = seconds{10}}};
  connect(one);
  EXPECT_FALSE(one.subscribe({}));
  EXPECT_TRUE(std::holds_alternative<bye>(one.next().value()));
  const auto end = std::get<closed>(one.next().value());
  EXPECT_FALSE(end.reconnect || end.retry_in);
  EXPECT_FALSE(one.next());
}

}  // namespace
}  // namespace roombridge::test
