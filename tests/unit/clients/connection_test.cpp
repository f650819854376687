// SPDX-License-Identifier: MIT
#include <roombridge/connection.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <boost/json.hpp>

#include <roombridge/proto/messages.hpp>

#include "scripted_daemon.hpp"

namespace roombridge::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

template <class T>
T take(connection& core) {
  const auto got = core.next();
  EXPECT_TRUE(got && std::holds_alternative<T>(*got));
  return got && std::holds_alternative<T>(*got) ? std::get<T>(*got) : T{};
}

connection welcomed() {
  connection core{"test"};
  core.sent(core.output().size());
  core.receive(bytes_of(welcome_frame()));
  EXPECT_EQ(take<welcome>(core).newest, 1042u);
  return core;
}

// What the daemon would find in the output.
std::vector<received_frame> written(const connection& core) {
  std::vector<received_frame> out;
  proto::frame_decoder decoder;
  decoder.feed(bytes_of(core.output()));
  while (const auto frame = decoder.next()) {
    out.push_back({frame->type,
                   std::string{frame->head},
                   {reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()}});
  }
  return out;
}

TEST(connection, begins_with_hello) {
  const connection core{"till 3"};
  EXPECT_EQ(core.output(), proto::encode(proto::hello{{1}, "till 3"}));
  EXPECT_FALSE(core.welcomed());
}

TEST(connection, cuts_a_long_name_between_characters_and_drops_one_that_is_not_utf8) {
  std::string name(63, 'x');
  name += "약";
  EXPECT_EQ(written(connection{name})[0].head, R"({"versions":[1],"client":")" + name.substr(0, 63) + "\"}");
  EXPECT_EQ(written(connection{"\xff"})[0].head, R"({"versions":[1]})");
}

TEST(connection, an_emit_asks_for_no_acknowledgement_unless_told_to) {
  connection core = welcomed();
  ASSERT_TRUE(core.emit({.event = "x"}));
  ASSERT_TRUE(core.emit({.event = "x", .ack = true}));
  EXPECT_THAT(written(core).at(0).head, testing::Not(HasSubstr("ack")));
  EXPECT_THAT(written(core).at(1).head, HasSubstr(R"("ack":true)"));
}

TEST(connection, remembers_what_was_not_sent) {
  connection core;
  const std::string all{core.output()};
  core.sent(3);
  EXPECT_EQ(core.output(), all.substr(3));
  ASSERT_TRUE(core.call("status"));
  EXPECT_THAT(std::string{core.output()}, HasSubstr(all.substr(3)));
  core.sent(core.output().size());
  EXPECT_THAT(core.output(), IsEmpty());
}

TEST(connection, writes_requests_with_growing_ids) {
  connection core = welcomed();
  EXPECT_EQ(*core.subscribe({{"reservation_*"}, {"shop-7"}}), 1u);
  EXPECT_EQ(*core.unsubscribe(1), 2u);
  EXPECT_EQ(*core.emit({.event = "x", .arguments = "[1]", .attachments = {"ab", ""}, .ack = true}), 3u);
  EXPECT_EQ(*core.emit({.event = "y", .deadline = std::chrono::seconds{1}}), 4u);
  EXPECT_EQ(*core.emit({.event = "z", .attachments = {"b"}}), 5u);
  EXPECT_EQ(*core.call("reload"), 6u);
  const auto frames = written(core);
  ASSERT_EQ(frames.size(), 6u);
  EXPECT_EQ(frames[0].head, R"({"id":1,"events":["reservation_*"],"topics":["shop-7"]})");
  EXPECT_EQ(frames[1].head, R"({"id":2,"subscription":1})");
  EXPECT_EQ(frames[2].head, R"({"id":3,"event":"x","ack":true,"attachments":[2,0]})");
  EXPECT_EQ(frames[2].payload, "[1]ab");
  EXPECT_EQ(frames[3].head, R"({"id":4,"event":"y","deadline_ms":1000})");
  EXPECT_EQ(frames[3].payload, "");
  EXPECT_EQ(frames[4].payload, "[]b");
  EXPECT_EQ(frames[5].head, R"({"id":6,"method":"reload"})");
}

TEST(connection, asks_by_fields_and_replaces) {
  connection core = welcomed();
  EXPECT_EQ(*core.subscribe({.events = {"a"}, .fields = {{"shopId", {"7", "8"}}, {"paid", {"true"}}}}), 1u);
  EXPECT_EQ(*core.replace(1, {.fields = {{"shopId", {"9"}}}}), 2u);
  const auto frames = written(core);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].head, R"({"id":1,"events":["a"],"fields":{"shopId":["7","8"],"paid":["true"]}})");
  EXPECT_EQ(frames[1].head, R"({"id":2,"fields":{"shopId":["9"]},"replaces":1})");
}

TEST(connection, refuses_what_the_protocol_cannot_say_and_sends_nothing) {
  connection core = welcomed();
  const auto expect_invalid = [&core](const outcome<request_id>& got) {
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, failure_kind::invalid_argument);
    EXPECT_THAT(core.output(), IsEmpty());
  };
  expect_invalid(core.subscribe({{"a*b"}, {}}));
  expect_invalid(core.subscribe({{}, {"\xff"}}));
  expect_invalid(core.subscribe({std::vector<std::string>(65, "x"), {}}));
  expect_invalid(core.subscribe({.fields = {{"shopId", {}}}}));
  expect_invalid(core.subscribe({.fields = {{"a=b", {"7"}}}}));
  expect_invalid(core.subscribe({.fields = {{"shopId", {"\xff"}}}}));
  expect_invalid(core.subscribe({.fields = {{"shopId", {std::string(250, 'x')}}}}));
  expect_invalid(core.subscribe({.topics = {"t"}, .fields = {{"shopId", std::vector<std::string>(64, "x")}}}));
  expect_invalid(core.replace(1, {.events = {"a*b"}}));
  expect_invalid(core.emit({.event = "\xff"}));
  expect_invalid(core.emit({.event = "a\nb"}));
  expect_invalid(core.emit({.event = std::string("a\0b", 3)}));
  expect_invalid(core.emit({.event = "a\xc2\x85"}));
  expect_invalid(core.emit({.event = std::string(70'000, 'x')}));
  expect_invalid(core.emit({.event = "x", .arguments = std::string(proto::max_body, ' ')}));
  expect_invalid(core.emit({.event = "x", .attachments = std::vector<std::string>(17)}));
  expect_invalid(core.emit({.event = "x", .deadline = std::chrono::milliseconds{0}}));
  expect_invalid(core.emit({.event = "x", .deadline = std::chrono::minutes{6}}));
  expect_invalid(core.call("\xff"));
  expect_invalid(core.call("trace", "[]"));
  expect_invalid(core.call("trace", "{},\"id\":7"));
  EXPECT_EQ(*core.call("status"), 1u);
}

TEST(connection, hands_an_event_over_byte_for_byte) {
  connection core = welcomed();
  const std::string arguments =
      R"(["\ud800",100000000000000000000000000000, )" + std::string(2000, '[') + std::string(2000, ']') + "]";
  const proto::event head{7, 8, "예약", {"shop-7"}, {2, 0}, true};
  core.receive(bytes_of(proto::encode(head, bytes_of(arguments + "\xff\x01"))));
  EXPECT_EQ(take<event>(core), (event{7, 8, "예약", {"shop-7"}, true, arguments, {"\xff\x01", ""}}));
}

TEST(connection, answers_ping) {
  connection core = welcomed();
  core.receive(bytes_of(proto::encode(proto::ping{77, 1000})));
  EXPECT_EQ(core.output(), proto::encode(proto::pong{77}));
  EXPECT_FALSE(core.next());
}

TEST(connection, skips_what_it_does_not_know) {
  connection core = welcomed();
  std::string frames;
  ASSERT_TRUE(proto::append_frame(frames, static_cast<proto::frame_type>(0x7f), "not json"));
  ASSERT_TRUE(proto::append_frame(frames, proto::frame_type::hello, "a client's frame"));
  frames += proto::encode(proto::live{9});
  core.receive(bytes_of(frames));
  EXPECT_EQ(take<live>(core).seq, 9u);
}

TEST(connection, ends_when_the_daemon_breaks_the_protocol) {
  const std::string before_welcome = proto::encode(proto::live{1});
  std::string bad_head, bad_attachments;
  ASSERT_TRUE(proto::append_frame(bad_head, proto::frame_type::event, "{}"));
  ASSERT_TRUE(proto::append_frame(bad_attachments, proto::frame_type::event,
                                  R"({"seq":1,"time":1,"event":"x","attachments":[3]})", bytes_of("ab")));
  const std::string bad_frame{"\x00\x00\x00\x00\x42\x00\x01\x00", 8};
  for (const auto& bytes : {welcome_frame() + welcome_frame(), before_welcome, welcome_frame() + bad_head,
                            welcome_frame() + bad_attachments, welcome_frame() + bad_frame}) {
    connection core;
    core.receive(bytes_of(bytes));
    if (bytes != before_welcome) take<welcome>(core);
    const auto end = take<closed>(core);
    EXPECT_EQ(end.why.kind, failure_kind::protocol);
    EXPECT_FALSE(end.reconnect);
    EXPECT_THAT(core.output(), IsEmpty());
    const auto late = core.call("status");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, failure_kind::not_connected);
    core.receive(bytes_of(proto::encode(proto::live{1})));
    core.receive_end("again");
    EXPECT_FALSE(core.next());
  }
}

TEST(connection, shows_what_others_said_on_one_safe_line) {
  connection ended = welcomed();
  ended.receive(bytes_of(proto::encode(bye{"shut\x1b[2J", "a\nb\xe2\x80\xae", true})));
  ended.receive_end("it was closed");
  take<bye>(ended);
  EXPECT_THAT(take<closed>(ended).why.text, HasSubstr(R"(shut\u001b[2J (a\nb\u202e))"));
  connection core = welcomed();
  EXPECT_THAT(core.subscribe({{"a*\x1b"}, {}}).error().text, HasSubstr(R"("a*\u001b")"));
}

TEST(connection, tells_why_the_daemon_closed) {
  connection core = welcomed();
  core.receive(bytes_of(proto::encode(bye{"too_many_connections", "the daemon has no room for more", true})));
  core.receive_end("it was closed");
  take<bye>(core);
  const auto end = take<closed>(core);
  EXPECT_THAT(end.why.text, HasSubstr("the daemon has no room for more"));
  EXPECT_TRUE(end.reconnect);
}

// Every frame of the golden vectors that a daemon sends, cut at every byte: the core takes them as it takes them whole.
TEST(connection, takes_the_golden_vectors_at_every_cut) {
  std::ifstream file{ROOMBRIDGE_PROTO_DIR "/vectors/vectors.json"};
  std::ostringstream text;
  text << file.rdbuf();
  std::size_t count = 0;
  const auto vectors = boost::json::parse(text.str());
  for (const auto& entry : vectors.at("frames").as_array()) {
    if (entry.at("from").as_string() != "daemon" || entry.at("type").as_string() == "WELCOME") continue;
    std::string bytes;
    const auto& hex = entry.at("hex").as_string();
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(std::string{hex.subview(i, 2)}, nullptr, 16));
    }
    connection whole = welcomed();
    whole.receive(bytes_of(bytes));
    const auto expected = whole.next();
    EXPECT_FALSE(whole.is_closed()) << entry.at("name");
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      connection core = welcomed();
      const std::string first = bytes.substr(0, cut);
      const std::string second = bytes.substr(cut);
      core.receive(bytes_of(first));
      core.receive(bytes_of(second));
      ASSERT_EQ(core.next(), expected) << entry.at("name") << ", cut at " << cut;
      ASSERT_EQ(core.output(), whole.output());
    }
    ++count;
  }
  EXPECT_GT(count, 20u);
}

}  // namespace
}  // namespace roombridge::test
