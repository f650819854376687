// SPDX-License-Identifier: MIT
// A connection's life: HELLO, errors, deadlines, the end.
#include "support.hpp"

namespace roombridge::local {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class peer_life : public hub_test {};

TEST_F(peer_life, welcomes_whoever_says_hello) {
  append("a");
  auto client = connect();
  client.send_message(proto::hello{.client = "till 3"});
  run();
  const auto welcome = client.expect<proto::welcome>();
  EXPECT_EQ(welcome.version, 1u);
  EXPECT_EQ(welcome.server, "roombridged test");
  EXPECT_EQ(welcome.epoch, "0123456789abcdef");
  EXPECT_EQ(welcome.newest, 1u);
  EXPECT_TRUE(welcome.may_control);  // the daemon's own user
  EXPECT_EQ(hub_->peers().at(0).client, "till 3");
  EXPECT_EQ(hub_->peers().at(0).pid, ::getpid());
}

TEST_F(peer_life, ends_without_hello_in_five_seconds) {
  auto silent = connect();
  advance(milliseconds{4999});
  EXPECT_FALSE(silent.next());
  advance(milliseconds{1});
  EXPECT_EQ(silent.expect<proto::error>().info.code, proto::error_code::hello_timeout);
  EXPECT_EQ(silent.expect<proto::bye>().reason, "hello_timeout");
  EXPECT_TRUE(silent.closed());
  EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(peer_life, hello_ends_the_deadline) {
  auto client = welcomed();
  advance(seconds{60});
  EXPECT_FALSE(client.next());
  EXPECT_FALSE(client.closed());
}

// What a client may get wrong, and the code with which the connection ends.
struct mistake {
  const char* name;
  bool before_hello;
  std::string bytes;
  proto::error_code code;
};

std::string raw(proto::header header, std::string_view body) {
  const auto bytes = proto::encode_header(header);
  return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()}.append(body);
}

std::string frame_of(proto::frame_type type, std::string_view head) {
  std::string out;
  EXPECT_TRUE(proto::append_frame(out, type, head));
  return out;
}

std::vector<mistake> mistakes() {
  using enum proto::frame_type;
  using enum proto::error_code;
  return {
      {"another frame first", true, proto::encode(proto::call{1, "status", "{}"}), hello_expected},
      {"hello twice", false, proto::encode(proto::hello{}), hello_expected},
      {"versions unknown", true, proto::encode(proto::hello{{2, 3}, ""}), version_unsupported},
      {"hello without versions", true, frame_of(hello, "{}"), bad_head},
      {"hello is not json", true, frame_of(hello, "{\"versions\":[1]"), bad_head},
      {"large before hello", true, raw({4097, hello, 0, 10}, ""), frame_too_large},
      {"large after hello", false, raw({1048577, call, 0, 10}, ""), frame_too_large},
      {"head longer than body", false, raw({4, call, 0, 5}, ""), bad_frame},
      {"critical flag", false, raw({2, call, 0x10, 2}, "{}"), unknown_critical_flag},
      {"head is not an object", false, frame_of(subscribe, "[]"), bad_head},
      {"request without id", false, frame_of(emit, R"({"event":"a"})"), bad_head},
      {"head is not utf-8", false, frame_of(call, "{\"id\":1,\"method\":\"\xff\"}"), bad_head},
  };
}

TEST_F(peer_life, mistakes_end_the_connection_and_no_other) {
  auto witness = subscribed();
  for (const auto& wrong : mistakes()) {
    SCOPED_TRACE(wrong.name);
    auto client = wrong.before_hello ? connect() : welcomed();
    client.send(wrong.bytes);
    client.send(proto::encode(proto::ping{9, {}}));  // never answered
    run();
    const auto error = client.expect<proto::error>();
    EXPECT_EQ(error.info.code, wrong.code) << error.info.text;
    EXPECT_TRUE(error.fatal);
    EXPECT_EQ(client.expect<proto::bye>().reason, "protocol_error");
    EXPECT_TRUE(client.closed());
    EXPECT_FALSE(client.reset());
  }
  EXPECT_EQ(hub_->counters().protocol_errors, mistakes().size());
  EXPECT_EQ(log_.count(log_level::warning), 1u) << "a flood of mistakes must not flood the log";
  append("a");
  hub_->flush();
  EXPECT_EQ(witness.expect<proto::event>().seq, 1u);
}

TEST_F(peer_life, who_talks_on_still_hears_why_it_ended) {
  auto client = connect();
  client.send(proto::encode(proto::ping{1, {}}) + std::string(100'000, 'x'));  // more than the daemon reads at once
  run();
  EXPECT_EQ(client.expect<proto::error>().info.code, proto::error_code::hello_expected);
  client.expect<proto::bye>();
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(client.reset());
}

TEST_F(peer_life, reads_frames_cut_anywhere) {
  const std::string talk =
      proto::encode(proto::hello{}) + proto::encode(proto::subscribe{1, {"a"}, {}}) + proto::encode(proto::ping{2, {}});
  for (std::size_t cut = 1; cut < talk.size(); ++cut) {
    auto client = connect();
    client.send(talk.substr(0, cut));
    run();
    client.send(talk.substr(cut));
    run();
    client.expect<proto::welcome>();
    EXPECT_EQ(client.expect<proto::result>().id, 1u);
    client.expect<proto::live>();
    EXPECT_EQ(client.expect<proto::pong>().id, 2u);
  }
}

TEST_F(peer_life, skips_unknown_types_and_flags_that_are_not_critical) {
  auto client = welcomed();
  client.send(raw({3, static_cast<proto::frame_type>(0x3f), 0x0f, 2}, "{}x"));
  client.send_message(proto::ping{7, {}});
  run();
  EXPECT_EQ(client.expect<proto::pong>().id, 7u);
}

TEST_F(peer_life, closes_when_the_client_does) {
  auto client = subscribed();
  client.close();
  run();
  EXPECT_EQ(hub_->size(), 0u);
  append("a");
  hub_->flush();
}

TEST_F(peer_life, answers_that_come_too_late_do_nothing) {
  auto client = welcomed();
  client.send_message(proto::call{1, "status", "{}"});
  run();
  client.close();
  run();
  handler_.calls.at(0).done({.text = {}, .outcome = {}, .payload = "{}", .attachments = {}});
  hub_.reset();
  handler_.calls.at(0).done({.text = {}, .outcome = {}, .payload = "{}", .attachments = {}});
}

TEST_F(peer_life, pings_when_the_config_asks_for_it) {
  options_.ping_interval = seconds{30};
  options_.ping_deadline = seconds{5};
  make();
  auto lively = welcomed();
  auto dead = welcomed();
  advance(seconds{30});
  const auto ping = lively.expect<proto::ping>();
  EXPECT_EQ(ping.deadline_ms, 5000u);
  lively.send_message(proto::pong{ping.id});
  run();
  advance(seconds{5});
  EXPECT_FALSE(lively.next());
  dead.expect<proto::ping>();
  EXPECT_EQ(dead.expect<proto::bye>().reason, "ping_timeout");
  EXPECT_TRUE(dead.closed());
  advance(seconds{25});
  EXPECT_EQ(lively.expect<proto::ping>().id, ping.id + 1);
}

TEST_F(peer_life, tells_whoever_is_too_many) {
  who_ = {1, 1000, 1000, {}};
  options_.connections = 4;  // of which one user may have half
  make();
  auto first = welcomed();
  auto second = welcomed();
  auto third = connect();
  const auto bye = third.expect<proto::bye>();
  EXPECT_EQ(bye.reason, "too_many_connections");
  EXPECT_TRUE(bye.reconnect);
  EXPECT_TRUE(third.closed());
  EXPECT_EQ(hub_->counters().refused, 1u);
  EXPECT_EQ(hub_->counters().accepted, 2u);
  first.close();
  run();
  welcomed();
}

TEST_F(peer_life, shutdown_says_bye_after_what_is_pending) {
  auto client = subscribed();
  append("a");
  bool empty = false;
  hub_->shut_down([&empty] { empty = true; });
  run();
  EXPECT_EQ(client.expect<proto::event>().seq, 1u);
  const auto bye = client.expect<proto::bye>();
  EXPECT_EQ(bye.reason, "shutdown");
  EXPECT_TRUE(bye.reconnect);
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace roombridge::local
