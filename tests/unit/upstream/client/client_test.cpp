// SPDX-License-Identifier: MIT
// The client over real loopback sockets, against a peer that follows the test's script. Each script ends with
// client.stop(); a run that does not end is stopped by a far deadline and fails.
#include "daemon/upstream/client/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "daemon/base/as_result.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/upstream/client/recovery_file.hpp"
#include "daemon/upstream/transport/websocket.hpp"
#include "tests/support/scripted_peer.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::scripted_peer;
using test::server_frame;
using test::server_text;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class silent_logger : public logger {
 public:
  bool enabled(log_level) const override { return true; }
  void write(log_level, std::string_view text, std::initializer_list<log_field>) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class recorder : public client_handler {
 public:
  void on_status(const client_status& status) override { statuses.push_back(status); }
  void on_event(std::string_view data, std::span<const bytes_view> attachments,
                std::optional<ack_ticket> wanted) override {
    if (wanted) tickets.push_back(*wanted);
    happened.push_back(std::string(data) + (attachments.empty() ? "" : " +" + std::to_string(attachments.size())));
  }
  void on_identity(const identity_digest& whose, std::string_view) override { identities.push_back(whose); }
  void on_burst_end() override { happened.push_back("burst end"); }

  std::vector<client_status> statuses;
  std::vector<identity_digest> identities;
  std::vector<std::string> happened;
  std::vector<ack_ticket> tickets;
};

class upstream_client : public testing::Test {
 public:
  upstream_client() : peer(context) {
    settings.url = peer.url();
    settings.token = token_none{};
    settings.rooms.own.clear();
    settings.reconnect.first = 1ms;
    settings.reconnect.max = 2ms;
  }

  using script = io::task<> (*)(upstream_client&);
  void run(script play) {
    made = std::make_unique<client>(context, settings, handler, log);
    boost::asio::co_spawn(context, made->run(), [this](std::exception_ptr error) {
      EXPECT_FALSE(error);
      ended = true;
    });
    boost::asio::co_spawn(context, play(*this), [](std::exception_ptr error) { EXPECT_FALSE(error); });
    ended = false;
    context.restart();
    context.run_for(60s);
    EXPECT_TRUE(ended) << "run() did not return";
  }

  void emit(std::string_view arguments, bool want_ack) {
    made->emit({"e", arguments, {}, want_ack}, [this](const emit_result& result) {
      outcomes.push_back(result.outcome);
      errors.push_back(result.error);
      answers.emplace_back(result.arguments);
    });
  }

  io::context context{1};
  scripted_peer peer;
  options settings;
  recorder handler;
  silent_logger log;
  std::unique_ptr<client> made;
  bool ended = false;
  std::vector<emit_outcome> outcomes;
  std::vector<emit_error> errors;
  std::vector<std::string> answers;
  std::vector<std::string> seen;  // what a script noted
  wall_time before;               // and when
  wall_time after;
};

constexpr std::string_view authenticate = R"(42["authenticate",{"token":""}])";

io::task<> first_contact(upstream_client& t) {
  EXPECT_EQ(co_await t.peer.welcome(), authenticate);
  t.seen.push_back(co_await t.peer.read_text());
  t.made->stop();
  while (auto frame = co_await t.peer.read_frame()) {
    t.seen.push_back(std::to_string(frame->opcode) + frame->payload);
    if (frame->opcode == 8) t.peer.drop();
  }
}

TEST_F(upstream_client, joins_its_rooms_and_leaves_with_a_close_only) {
  settings.rooms.declared = {"shop-1"};
  run(first_contact);
  EXPECT_THAT(seen, ElementsAre(R"(42["join_room",{"roomId":"shop-1","userId":7}])", "8\x03\xe8"))
      << "a close frame of code 1000, and no DISCONNECT";
  std::vector<state> states;
  for (const auto& one : handler.statuses) states.push_back(one.state);
  EXPECT_THAT(states, ElementsAre(state::connecting, state::connected, state::authenticating, state::authenticated,
                                  state::offline));
  EXPECT_EQ(made->status().cause, "shutdown");
}

io::task<> whole_burst(upstream_client& t) {
  // All of it in the write that ends the handshake: nothing of it may be lost.
  co_await t.peer.upgrade(server_text(test::open_packet) + server_frame(9, "hi"));
  const auto pong = co_await t.peer.read_frame();
  t.seen.push_back(pong->payload);
  const auto connect = co_await t.peer.read_frame();
  t.seen.push_back(connect->payload);
  co_await t.peer.send(R"(40{"sid":"s"})");
  co_await t.peer.read_text();
  t.handler.happened.clear();
  co_await t.peer.write(server_text(R"(42["auth_success",{}])") + server_text(R"(42["a",1])") + server_text("42{bad") +
                        server_text("\xff") + server_text(R"(451-["b",{"_placeholder":true,"num":0}])") +
                        server_frame(2, "xyz") + server_text(R"(427["wants an ack"])") + server_text("2"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->stop();
  t.peer.drop();
}

TEST_F(upstream_client, hands_over_a_burst_whole_and_drops_what_is_malformed) {
  run(whole_burst);
  EXPECT_THAT(seen, testing::UnorderedElementsAre("hi", "40"));
  EXPECT_THAT(handler.happened,
              ElementsAre(R"(["auth_success",{}])", R"(["a",1])", R"(["b",{"_placeholder":true,"num":0}] +1)",
                          R"(["wants an ack"])", "burst end"));
  EXPECT_EQ(made->counters().malformed, 2u);
  EXPECT_THAT(log.lines, Contains(HasSubstr("dropped a message")));
  EXPECT_EQ(made->counters().outages, 0u);
}

io::task<> traced(upstream_client& t) {
  t.made->trace([&t](const trace_line& line) {
    std::string shown(line.step.empty() ? (line.outgoing ? "-> " : "<- ") : "-- ");
    shown.append(line.step.empty() ? line.engine : line.step);
    for (const std::string_view part : {line.packet, std::string_view(line.event), std::string_view(line.shape),
                                        line.step == "state" ? std::string_view(line.text) : std::string_view()}) {
      if (!part.empty()) shown.append(1, ' ').append(part);
    }
    EXPECT_THAT(line.text + line.nsp + line.event + line.shape, Not(HasSubstr("T0KEN")));
    t.seen.push_back(std::move(shown));
    return t.seen.size() < 22;
  });
  co_await t.peer.welcome();
  co_await t.peer.write(server_text(R"(42["T0KEN of T0KEN",{"T0KEN":1,"b":"T0KEN"}])") + server_text("2") +
                        server_text("42{"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.emit("[7]", true);
  EXPECT_EQ(co_await t.peer.read_text(), R"(420["e",7])");
  co_await t.peer.write(server_text("430[1]") + server_frame(8, "\x03\xf0T0KEN"));
  t.peer.drop();
  co_await t.peer.accept();  // of the next attempt, when nobody looks on any more
  t.made->stop();
}

TEST_F(upstream_client, shows_every_packet_and_step_but_no_value_to_who_looks_on) {
  ::setenv("ROOMBRIDGE_TEST_TOKEN", "T0KEN", 1);
  settings.token = token_environment{"ROOMBRIDGE_TEST_TOKEN"};
  settings.auth.payload = {{"token", "{token}"}};
  run(traced);
  EXPECT_THAT(
      seen,
      ElementsAre(
          "-- state connecting over websocket", "-- tcp", "-- http",
          "<- open {sid:…,pingInterval:250000,pingTimeout:200000,maxPayload:1000000}", "-> message connect",
          "<- message connect …", "-- state connected over websocket", "-> message event authenticate …",
          "-- state authenticating over websocket", "<- message event auth_success …",
          "-- state authenticated over websocket", "<- message event [token] of [token] [{[token]:number,b:string}]",
          "<- ping", "-> pong", "-- dropped", "-> message event e [number]", "<- message ack [number]", "-- close",
          testing::StartsWith(
              "-- state offline: the server closed the connection because of its policy (1008) (policy_violation)"),
          "-- state connecting over websocket", "-- attempt", "-- dns"));
}

io::task<> with_printed_token(upstream_client& t) {
  t.seen.push_back(co_await t.peer.welcome());
  t.made->stop();
  t.peer.drop();
}

TEST_F(upstream_client, uses_what_a_command_prints) {
  settings.token = token_command{{"/bin/echo", "printed"}, 60s};
  run(with_printed_token);
  EXPECT_THAT(seen, ElementsAre(R"(42["authenticate",{"token":"printed"}])"));
}

io::task<> drop_and_return(upstream_client& t) {
  for (int i = 0; i < 5; ++i) {
    co_await t.peer.welcome();
    co_await t.peer.read_text();  // the join
    if (i % 2 == 0) co_await t.peer.write(server_frame(8, "\x03\xe9"));
    t.peer.drop();
  }
  co_await t.peer.welcome();
  co_await t.peer.read_text();
  t.made->stop();
  t.peer.drop();
}

TEST_F(upstream_client, comes_back_whenever_the_server_drops_it) {
  settings.rooms.declared = {"shop-1"};
  run(drop_and_return);
  EXPECT_EQ(made->counters().attempts, 6u);
  EXPECT_EQ(made->counters().authenticated, 6u);
  EXPECT_EQ(made->counters().outages, 5u);
  std::set<std::string> causes;
  for (const auto& one : handler.statuses) causes.insert(one.cause);
  EXPECT_THAT(causes, testing::UnorderedElementsAre("", "server_closed", "connection_lost", "shutdown"));
  EXPECT_TRUE(handler.statuses[handler.statuses.size() - 2].lost);
}

io::task<> answer_events(upstream_client& t) {
  co_await t.peer.welcome();
  co_await t.peer.write(server_text(R"(427["a"])") + server_text(R"(451-8["b",{"_placeholder":true,"num":0}])") +
                        server_frame(2, "xyz") + server_text("2"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->acknowledge(t.handler.tickets.at(1));
  EXPECT_EQ(co_await t.peer.read_text(), "438[]");
  t.peer.drop();
  co_await t.peer.welcome();
  t.made->acknowledge(t.handler.tickets.at(0));  // of the last connection
  co_await t.peer.write(server_text(R"(427["c"])") + server_text("2"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->acknowledge(t.handler.tickets.at(2));
  EXPECT_EQ(co_await t.peer.read_text(), "437[]");
  t.made->stop();
  t.made->acknowledge(t.handler.tickets.at(2));
  EXPECT_EQ((co_await t.peer.read_frame())->opcode, 8);
  t.peer.drop();
}

TEST_F(upstream_client, answers_events_on_the_connection_on_which_they_came) {
  settings.rooms.declared.clear();
  run(answer_events);
}

io::task<> acknowledge(upstream_client& t) {
  co_await t.peer.welcome();
  co_await t.peer.send("2");
  EXPECT_EQ(co_await t.peer.read_text(), "3");  // so the answer before it has been read
  t.emit("[1]", true);
  t.emit("[2]", false);
  t.emit("[3]", true);
  for (int i = 0; i < 3; ++i) t.seen.push_back(co_await t.peer.read_text());
  co_await t.peer.write(server_text(R"(430["yes"])") + server_text("4377[]") + server_text("2"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->stop();
  t.emit("[4]", true);
  t.peer.drop();
}

TEST_F(upstream_client, answers_every_emit_once) {
  run(acknowledge);
  EXPECT_THAT(seen, ElementsAre(R"(420["e",1])", R"(42["e",2])", R"(421["e",3])"));
  EXPECT_THAT(outcomes, ElementsAre(emit_outcome::sent_unknown, emit_outcome::acked, emit_outcome::sent_unknown,
                                    emit_outcome::not_sent));
  EXPECT_THAT(errors,
              ElementsAre(emit_error::none, emit_error::none, emit_error::connection_lost, emit_error::not_connected));
  EXPECT_EQ(answers[1], R"(["yes"])");
}

io::task<> never_answer_http(upstream_client& t) {
  co_await t.peer.accept();
  co_await t.peer.read_request();
  t.made->stop();
}

TEST_F(upstream_client, stops_in_the_middle_of_a_handshake) {
  run(never_answer_http);
}

io::task<> never_close(upstream_client& t) {
  co_await t.peer.welcome();
  t.made->stop();
  t.made->stop();
  co_await t.peer.read_to_end();
}

TEST_F(upstream_client, stops_though_the_server_does_not_answer_the_close) {
  run(never_close);
}

// Offers recovery, gives one offset, and is left.
io::task<> recoverable(upstream_client& t, bool answers) {
  co_await t.peer.upgrade(server_text(test::open_packet));
  t.seen.push_back(co_await t.peer.read_text());
  co_await t.peer.write(server_text(R"(40{"sid":"s","pid":"p"})"));
  co_await t.peer.read_text();
  co_await t.peer.write(server_text(R"(42["auth_success",{"userId":7},"Pf3xK2a"])") + server_text("2"));
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->stop();
  while (auto frame = co_await t.peer.read_frame()) {
    if (answers && frame->opcode == 8) t.peer.drop();
  }
}

io::task<> take_leave(upstream_client& t) {
  return recoverable(t, true);
}

io::task<> ignore_the_close(upstream_client& t) {
  return recoverable(t, false);
}

class private_directory {
 public:
  private_directory() : path_(testing::TempDir() + "roombridge-XXXXXX") { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  ~private_directory() { std::filesystem::remove_all(path_); }
  private_directory(const private_directory&) = delete;
  private_directory& operator=(const private_directory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_F(upstream_client, leaves_to_its_next_life_what_can_be_recovered) {
  const private_directory place;
  settings.recovery_file = place.path() + "/recovery";
  run(take_leave);
  run(take_leave);
  EXPECT_THAT(seen, ElementsAre("40", R"(40{"pid":"p","offset":"Pf3xK2a"})"));
  const auto left = take_recovery_file(settings.recovery_file, log);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->url, peer.url());
  ASSERT_TRUE(left->recovery);
  EXPECT_EQ(left->recovery->offset, "Pf3xK2a");
  EXPECT_EQ(left->recovery->user, "7");
}

TEST_F(upstream_client, leaves_only_the_outage_where_the_server_may_not_have_noticed_and_could_recover_it_twice) {
  const private_directory place;
  settings.recovery_file = place.path() + "/recovery";
  run(take_leave);
  run(ignore_the_close);
  const auto left = take_recovery_file(settings.recovery_file, log);
  ASSERT_TRUE(left);
  EXPECT_FALSE(left->recovery);
}

io::task<> refuse(upstream_client& t) {
  co_await t.peer.accept();
  co_await t.peer.read_request();
  co_await t.peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nno way");
  co_await t.peer.accept();
  t.made->stop();
}

TEST_F(upstream_client, says_what_the_server_said) {
  run(refuse);
  EXPECT_THAT(handler.statuses, Contains(testing::AllOf(testing::Field(&client_status::cause, "http_4xx"),
                                                        testing::Field(&client_status::text, HasSubstr("no way")))));
}

io::task<> dead_server(upstream_client& t) {
  co_await t.peer.upgrade(server_text(R"(0{"sid":"e","upgrades":[],"pingInterval":1,"pingTimeout":1})"));
  co_await t.peer.read_to_end();
  co_await t.peer.upgrade("");
  t.made->stop();
}

TEST_F(upstream_client, leaves_a_server_that_does_not_ping) {
  run(dead_server);
  EXPECT_THAT(handler.statuses, Contains(testing::Field(&client_status::cause, "ping_timeout")));
}

// What a server's connect handler emits goes out before the answer to CONNECT, with python-socketio.
io::task<> tell_early(upstream_client& t) {
  co_await t.peer.upgrade(server_text(test::open_packet));
  co_await t.peer.read_text();
  co_await t.peer.write(server_text(R"(42["auth_success",{"userId":7}])") + server_text(R"(42["early",1])") +
                        server_text(R"(451-["bytes",{"_placeholder":true,"num":0}])") + server_frame(2, "xyz"));
  co_await t.peer.write(server_text(R"(40{"sid":"s"})") + server_text(R"(42["late",2])"));
  const bool asks = t.settings.auth.mode == auth_mode::event;
  if (asks) {
    t.seen.push_back(co_await t.peer.read_text());
    co_await t.peer.send(R"(42["auth_success",{"userId":8}])");
  }
  co_await t.peer.send("2");
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->stop();
  t.peer.drop();
}

TEST_F(upstream_client, takes_an_answer_and_events_that_come_before_that_to_connect) {
  for (const auth_mode mode : {auth_mode::connect, auth_mode::header, auth_mode::query}) {
    settings.auth.mode = mode;
    handler = {};
    run(tell_early);
    EXPECT_EQ(made->counters().authenticated, 1u);
    EXPECT_THAT(handler.statuses, Contains(testing::Field(&client_status::user, "7")));
    std::erase(handler.happened, "burst end");
    EXPECT_THAT(handler.happened, ElementsAre(R"(["auth_success",{"userId":7}])", R"(["early",1])",
                                              R"(["bytes",{"_placeholder":true,"num":0}] +1)", R"(["late",2])"));
  }
}

TEST_F(upstream_client, takes_no_answer_that_came_before_it_asked) {
  run(tell_early);
  EXPECT_THAT(seen, ElementsAre(authenticate));
  EXPECT_EQ(made->status().state, state::offline);
  EXPECT_THAT(handler.statuses, Contains(testing::Field(&client_status::user, "8")));
  EXPECT_THAT(handler.statuses, Not(Contains(testing::Field(&client_status::user, "7"))));
  EXPECT_THAT(handler.happened, Contains(R"(["early",1])"));
}

// Makes two moments differ by more than what one clock's times are off by on the other.
io::task<> let_time_pass(io::context& context) {
  io::timer timer(context);
  timer.expires_after(20ms);
  co_await timer.async_wait(io::as_result);
}

io::task<> die_in_the_middle_of_a_message(upstream_client& t) {
  co_await t.peer.welcome();
  co_await t.peer.send("2");
  EXPECT_EQ(co_await t.peer.read_text(), "3");  // so the answer before it has been read
  co_await let_time_pass(t.context);
  t.before = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  co_await let_time_pass(t.context);
  co_await t.peer.write("\x01\x03" + std::string("42[") + "\x80\x7e");  // a fragment, and half a header
  co_await let_time_pass(t.context);
  t.after = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  co_await let_time_pass(t.context);
  t.peer.drop();
  co_await t.peer.welcome();
  co_await t.peer.send("2");
  EXPECT_EQ(co_await t.peer.read_text(), "3");
  t.made->stop();
  t.peer.drop();
}

TEST_F(upstream_client, has_lost_nothing_until_the_last_byte_that_it_heard) {
  run(die_in_the_middle_of_a_message);
  const auto again = std::find_if(handler.statuses.rbegin(), handler.statuses.rend(),
                                  [](const client_status& one) { return one.state == state::authenticated; });
  ASSERT_NE(again, handler.statuses.rend());
  ASSERT_TRUE(again->lost);
  EXPECT_GE(*again->lost, before);
  EXPECT_LE(*again->lost, after);
}

io::task<> move_away(upstream_client& t) {
  co_await t.peer.welcome();
  co_await t.peer.read_text();
  options changed = t.settings;
  changed.rooms.declared = {"b"};
  t.made->reconfigure(changed, connection_use::keep);
  for (int i = 0; i < 2; ++i) t.seen.push_back(co_await t.peer.read_text());
  changed.path = "/other/";
  t.made->reconfigure(changed, connection_use::make_anew);
  co_await t.peer.read_to_end();
  co_await t.peer.accept();
  t.seen.push_back(co_await t.peer.read_request());
  t.made->reconnect();
  co_await t.peer.accept();
  t.made->stop();
}

TEST_F(upstream_client, follows_a_reload) {
  settings.rooms.declared = {"a"};
  run(move_away);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0], R"(42["leave_room",{"roomId":"a","userId":7}])");
  EXPECT_EQ(seen[1], R"(42["join_room",{"roomId":"b","userId":7}])");
  EXPECT_THAT(seen[2], testing::StartsWith("GET /other/?"));
}

TEST_F(upstream_client, may_be_stopped_before_it_runs_and_destroyed_without) {
  client never(context, settings, handler, log);
  client other(context, settings, handler, log);
  other.stop();
  boost::asio::co_spawn(context, other.run(), [this](std::exception_ptr) { ended = true; });
  context.run_for(60s);
  EXPECT_TRUE(ended);
  EXPECT_THAT(handler.statuses, testing::IsEmpty());
}

// The transport by itself: what the client cannot easily bring about.
io::task<> open_and_stall(transport& connection, std::vector<cause>& out) {
  const auto failed = co_await connection.open(20s);
  EXPECT_FALSE(failed);
  const std::string piece((1 << 20) - 64, 'x');  // with its frame header at most 1 MiB
  for (std::size_t sent = 0;
       sent < 16 * transport::max_queued && connection.queued() + piece.size() + 64 <= transport::max_queued;
       sent += piece.size()) {
    connection.send_binary(piece);
    connection.flush();
  }
  connection.send_binary(piece);
  connection.flush();
  const burst last = co_await connection.read();
  out.push_back(last.ended.why);
}

io::task<> upgrade_only(scripted_peer& peer) {
  co_await peer.upgrade("");
}

TEST_F(upstream_client, gives_up_a_server_that_stops_reading) {
  std::vector<cause> out;
  const endpoint where = std::get<endpoint>(make_endpoint(peer.url(), "/"));
  tracer trace;
  websocket connection(context, trace, where, {}, {}, 1000, false);
  boost::asio::co_spawn(context, upgrade_only(peer), [](std::exception_ptr) {});
  boost::asio::co_spawn(context, open_and_stall(connection, out), [this](std::exception_ptr) { context.stop(); });
  context.run_for(60s);
  EXPECT_THAT(out, ElementsAre(cause::send_stalled));
}

}  // namespace
}  // namespace roombridge::upstream
