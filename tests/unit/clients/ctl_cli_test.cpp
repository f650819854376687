// SPDX-License-Identifier: MIT
// Whole command lines against a scripted daemon.
#include "clients/ctl/cli.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <streambuf>
#include <tuple>

#include <roombridge/proto/messages.hpp>

#include "clients/ctl/commands.hpp"
#include "scripted_daemon.hpp"

namespace roombridge::ctl {
namespace {

using proto::frame_type;
using test::script;
using test::scripted_daemon;
using test::welcome_frame;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct ran {
  exit_code status = exit_code::ok;
  std::string out;
  std::string err;
};

ran run_line(std::vector<std::string> arguments, const std::string& input = {}, bool terminal = false) {
  std::istringstream in{input};
  std::ostringstream out, err;
  const auto status = run(arguments, in, out, err, terminal);
  return {status, out.str(), err.str()};
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

std::string answer_with(std::string_view payload) {
  return proto::encode(proto::result{1, {}, {}, {}}, bytes_of(payload));
}

std::string refusal(error_code code, std::string text, emit_outcome outcome = emit_outcome::none) {
  return proto::encode(proto::result{1, proto::make_error(code, std::move(text)), outcome, {}});
}

script conversation(frame_type request, std::string reply, bool then_close = false) {
  return {{{frame_type::hello, welcome_frame()}, {request, std::move(reply)}}, then_close};
}

// Runs a line against a daemon that answers its one request so.
class one_request {
 public:
  one_request(frame_type request, std::string reply, bool then_close = false)
      : daemon_({conversation(request, std::move(reply), then_close)}) {}

  ran run(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), {"--socket", daemon_.path()});
    return run_line(std::move(arguments), input);
  }
  test::received_frame request() { return daemon_.received().at(1); }

 private:
  scripted_daemon daemon_;
};

std::string event_frame(std::uint64_t seq) {
  return proto::encode(proto::event{seq, 1, "x", {}, {}, false}, bytes_of("[1]"));
}

TEST(cli, help_teaches_and_documents_the_exit_codes) {
  const auto got = run_line({"--help"});
  EXPECT_EQ(got.status, exit_code::ok);
  EXPECT_THAT(got.out, AllOf(HasSubstr("exit status: 0 done; 1"), HasSubstr("roombridgectl tail --event")));
  EXPECT_THAT(run_line({"--version"}).out, StartsWith("roombridgectl "));
}

TEST(cli, a_wrong_command_line_is_status_2) {
  for (const std::vector<std::string>& line : {std::vector<std::string>{},
                                               {"lunch"},
                                               {"--lunch", "status"},
                                               {"emit"},
                                               {"wait"},
                                               {"wait", "--for", "lunch"},
                                               {"tail", "--count", "0"},
                                               {"tail", "--count", "-1"},
                                               {"tail", "--timeout", "3x"},
                                               {"tail", "--event", "a*b"},
                                               {"tail", "--topic", ""},
                                               {"tail", "--field", "shopId"},
                                               {"tail", "--field", "=7"},
                                               {"tail", "--field", "shopId="},
                                               {"tail", "--room", ""},
                                               {"tail", "--subscriber", ""},
                                               {"remove"},
                                               {"remove", ""},
                                               {"remove", "x", "--uid", "-1"},
                                               {"trace", "--for", "0"},
                                               {"trace", "--for", "61m"},
                                               {"emit", "x", "--timeout", "0"},
                                               {"emit", "x", "--timeout", "6m"},
                                               {"status", "extra"}}) {
    const auto got = run_line(line);
    EXPECT_EQ(got.status, exit_code::usage) << testing::PrintToString(line);
    EXPECT_THAT(got.out, IsEmpty());
    EXPECT_FALSE(got.err.empty());
  }
  EXPECT_THAT(run_line({"lunch"}).err, HasSubstr("no command \"lunch\""));
  EXPECT_THAT(run_line({"--lunch"}).err, HasSubstr("no option \"--lunch\""));
}

TEST(cli, nobody_at_the_socket_is_status_3_and_names_it) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"tail", "--no-follow"},
                                                  {"tail", "--timeout", "1ms"},
                                                  {"emit", "x"},
                                                  {"rooms"},
                                                  {"reload"},
                                                  {"reconnect"},
                                                  {"forget"},
                                                  {"named"},
                                                  {"remove", "x"},
                                                  {"trace"}}) {
    auto line = command;
    line.insert(line.end(), {"--socket", "/nonexistent/s"});
    const auto got = run_line(line);
    EXPECT_EQ(got.status, exit_code::unreachable) << command[0];
    EXPECT_THAT(got.err, HasSubstr("/nonexistent/s"));
  }
}

TEST(cli, status_in_words_and_as_json) {
  const std::string json = R"({"upstream":{"state":"connecting"}})";
  EXPECT_THAT(one_request(frame_type::call, answer_with(json)).run({"status"}).out, HasSubstr("under way"));
  EXPECT_EQ(one_request(frame_type::call, answer_with(json)).run({"status", "--json"}).out, json + "\n");
}

TEST(cli, trace_shows_lines_until_the_answer) {
  proto::trace step;
  step.time = 1;
  step.step = "state";
  step.text = "offline";
  const std::string lines = proto::encode(step) + answer_with(R"({"lines":812,"missed":17})");
  one_request in_words(frame_type::call, lines);
  const auto got = in_words.run({"trace", "--for", "2m"});
  EXPECT_EQ(got.status, exit_code::ok);
  EXPECT_THAT(got.out, AllOf(HasSubstr("-- state    offline\n"),
                             HasSubstr("-- 2 min are over: 812 lines, and 17 that were missed\n")));
  EXPECT_EQ(in_words.request().head, R"({"id":1,"method":"trace","params":{"for_ms":120000}})");
  EXPECT_EQ(one_request(frame_type::call, lines).run({"trace", "--json"}).out,
            "{\"type\":\"trace\",\"time\":1,\"step\":\"state\",\"text\":\"offline\"}\n"
            "{\"type\":\"over\",\"lines\":812,\"missed\":17}\n");
}

TEST(cli, a_trace_that_is_refused_or_cut_short) {
  const auto refused = one_request(frame_type::call, refusal(error_code::not_permitted, "not yours")).run({"trace"});
  EXPECT_EQ(refused.status, exit_code::failed);
  EXPECT_THAT(refused.err, HasSubstr("not yours"));
  EXPECT_EQ(one_request(frame_type::call, "", true).run({"trace"}).status, exit_code::unreachable);
}

TEST(cli, rooms_in_words_and_as_json_lines) {
  const std::string json =
      R"([{"room":"shop-7","state":"joined","fixed":true},{"room":"b","state":"waiting","holders":1,)"
      R"("pids":[12]},{"room":"c","state":"refused","text":"not yours","holders":2},)"
      R"({"room":"d","state":"joined"},{"room":"42","state":"joined","number":true,"fixed":true},)"
      R"({"room":"e","state":"asked","since":1,"fixed":true}])";
  EXPECT_THAT(one_request(frame_type::call, answer_with(json)).run({"rooms"}).out,
              StartsWith("joined  shop-7\n"
                         "waiting b  held by 1 of your programs [12]\n"
                         "refused c  held by 2 of your programs  not yours\n"
                         "joined  d  no program of yours holds it\n"
                         "joined  42  a number, not a text\n"
                         "asked   e  since 1970-01-01 "));
  EXPECT_THAT(one_request(frame_type::call, answer_with(json)).run({"--json", "rooms"}).out,
              StartsWith("{\"room\":\"shop-7\",\"state\":\"joined\",\"fixed\":true}\n{\"room\":\"b\","));
  EXPECT_THAT(one_request(frame_type::call, answer_with("[]")).run({"rooms"}).out, HasSubstr("no rooms"));
  EXPECT_EQ(one_request(frame_type::call, answer_with("7")).run({"rooms"}).status, exit_code::failed);
}

TEST(cli, named_in_words_and_as_json_lines) {
  const std::string position = R"("position":{"epoch":"8c0d3a5b7e9f1024","seq":3})";
  const std::string json = R"([{"name":"till-3","uid":1000,)" + position +
                           R"(,"behind":0,"connected":true,"pid":12},{"name":"b","uid":0,)" + position +
                           R"(,"behind":7,"connected":true,"pid":13},{"name":"c\u001b","uid":0,)" + position +
                           R"(,"connected":false,"seen":1000000}])";
  EXPECT_THAT(one_request(frame_type::call, answer_with(json)).run({"named"}).out,
              AllOf(StartsWith("till-3              uid 1000  has everything, connected: process 12\n"
                               "b                   uid 0  7 behind, connected: process 13\n"
                               "c\\u001b             uid 0  remembered, last seen "),
                    HasSubstr(" ago)\n")));
  EXPECT_THAT(one_request(frame_type::call, answer_with(json)).run({"--json", "named"}).out,
              StartsWith("{\"name\":\"till-3\",\"uid\":1000,"));
  EXPECT_THAT(one_request(frame_type::call, answer_with("[]")).run({"named"}).out, HasSubstr("no named subscribers"));
  EXPECT_EQ(one_request(frame_type::call, answer_with("7")).run({"named"}).status, exit_code::failed);
}

TEST(cli, remove_names_whom) {
  one_request own(frame_type::call, answer_with(R"({"durable":true})"));
  EXPECT_EQ(own.run({"remove", "till-3"}).out, "the subscriber till-3 is forgotten\n");
  EXPECT_EQ(own.request().head, R"({"id":1,"method":"remove_subscriber","params":{"name":"till-3"}})");
  one_request others(frame_type::call, answer_with(R"({"durable":true})"));
  EXPECT_EQ(others.run({"remove", "till-3", "--uid", "1000", "--json"}).out, "{\"durable\":true}\n");
  EXPECT_EQ(others.request().head, R"({"id":1,"method":"remove_subscriber","params":{"name":"till-3","uid":1000}})");
  const auto refused =
      one_request(frame_type::call, refusal(error_code::subscriber_connected, "process 12 has the name"))
          .run({"remove", "x"});
  EXPECT_EQ(refused.status, exit_code::failed);
  EXPECT_THAT(refused.err, HasSubstr("process 12"));
}

TEST(cli, reload_tells_the_verdict) {
  EXPECT_EQ(
      one_request(frame_type::call,
                  answer_with(R"({"changed":["rooms.declared","upstream.path"],"new_connection":["upstream.path"],)"
                              R"("next_connection":["upstream.compression"],"restart_needed":["local.socket"]})"))
          .run({"reload"})
          .out,
      "reloaded, changed: rooms.declared, upstream.path\nmakes a new connection: upstream.path\n"
      "holds from the next connection on: upstream.compression\ntakes effect after a restart: local.socket\n");
  EXPECT_EQ(one_request(frame_type::call,
                        answer_with(R"({"changed":["a"],"restart_needed":[],"warnings":["c.yaml:7:3: one","two"]})"))
                .run({"reload"})
                .out,
            "reloaded, changed: a\nwarning: c.yaml:7:3: one\nwarning: two\n");
  one_request refused{frame_type::call, refusal(error_code::config_invalid, "c.yaml:3:5: no such key")};
  const auto got = refused.run({"reload"});
  EXPECT_EQ(got.status, exit_code::failed);
  EXPECT_THAT(got.err, HasSubstr("c.yaml:3:5"));
  EXPECT_THAT(one_request(frame_type::call, refusal(error_code::config_invalid, "c.yaml:3:5: a\nc.yaml:4:1: b"))
                  .run({"reload"})
                  .err,
              HasSubstr(": c.yaml:3:5: a\n  c.yaml:4:1: b\n"));
  EXPECT_EQ(refused.request().head, R"({"id":1,"method":"reload"})");
}

TEST(cli, forget_says_when_it_is_done) {
  one_request daemon{frame_type::call, answer_with("{}")};
  EXPECT_EQ(daemon.run({"forget"}).status, exit_code::ok);
  EXPECT_EQ(daemon.request().head, R"({"id":1,"method":"forget"})");
}

TEST(cli, reconnect_asks_for_it) {
  one_request daemon{frame_type::call, answer_with("{}")};
  EXPECT_EQ(daemon.run({"reconnect"}).status, exit_code::ok);
  EXPECT_EQ(daemon.request().head, R"({"id":1,"method":"reconnect"})");
}

TEST(cli, emit_wraps_what_is_no_array) {
  const auto payload = [](std::vector<std::string> line, const std::string& input) {
    one_request daemon{frame_type::emit, proto::encode(proto::result{1, {}, emit_outcome::sent_unknown, {}})};
    line.insert(line.begin(), "emit");
    EXPECT_EQ(daemon.run(line, input).status, exit_code::ok);
    return daemon.request().payload;
  };
  EXPECT_EQ(payload({"x"}, ""), "");
  EXPECT_EQ(payload({"x", R"({"a":1})"}, ""), R"([{"a":1}])");
  EXPECT_EQ(payload({"x", R"( [1,2])"}, ""), R"( [1,2])");
  EXPECT_EQ(payload({"x", "-"}, "[3]\n"), "[3]\n");
  EXPECT_EQ(payload({"x", "-5"}, ""), "[-5]");
}

TEST(cli, emit_with_ack_prints_the_acknowledgement) {
  const auto acked = proto::encode(proto::result{1, {}, emit_outcome::acked, {}}, bytes_of("[{\"ok\":true}]"));
  one_request daemon{frame_type::emit, acked};
  EXPECT_EQ(daemon.run({"emit", "x", "--ack", "--timeout", "3s"}).out, "acknowledged  [{\"ok\":true}]\n");
  EXPECT_EQ(daemon.request().head, R"({"id":1,"event":"x","ack":true,"deadline_ms":3000})");
  EXPECT_EQ(one_request(frame_type::emit, acked).run({"--json", "emit", "x", "--ack"}).out,
            "{\"ok\":true,\"outcome\":\"acked\",\"arguments\":[{\"ok\":true}]}\n");
}

TEST(cli, emit_of_an_input_that_is_empty_sends_nothing) {
  const auto got = run_line({"emit", "x", "-", "--socket", "/nowhere"}, "\n");
  EXPECT_EQ(got.status, exit_code::usage);
  EXPECT_THAT(got.err, HasSubstr("standard input has no JSON"));
}

TEST(cli, emit_that_fails_says_whether_it_left) {
  const auto got = one_request(frame_type::emit, refusal(error_code::not_connected, "offline", emit_outcome::not_sent))
                       .run({"emit", "x"});
  EXPECT_EQ(got.status, exit_code::failed);
  EXPECT_THAT(got.err, AllOf(HasSubstr("not_connected: offline"), HasSubstr("trying again is safe")));
  const auto status = [](const std::string& reply, bool then_close = false) {
    return one_request(frame_type::emit, reply, then_close).run({"emit", "x", "--ack"}).status;
  };
  EXPECT_EQ(status(refusal(error_code::ack_timeout, "late", emit_outcome::sent_unknown)), exit_code::perhaps);
  EXPECT_EQ(status(refusal(error_code::connection_lost, "gone", emit_outcome::sent_unknown)), exit_code::perhaps);
  EXPECT_EQ(status("", true), exit_code::perhaps) << "the daemon ended before it answered";
  EXPECT_EQ(status(refusal(error_code::bad_payload, "no JSON")), exit_code::usage);
  EXPECT_EQ(status(refusal(error_code::reserved_name, "not that one")), exit_code::failed);
  const auto unsendable = one_request(frame_type::emit, "").run({"emit", std::string(300, 'x') + "\xff"});
  EXPECT_EQ(unsendable.status, exit_code::usage);
}

TEST(cli, a_change_that_was_not_answered_has_a_status_of_its_own) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"reload"}, {"reconnect"}, {"forget"}, {"remove", "x"}}) {
    const auto got = one_request(frame_type::call, "", true).run(line);
    EXPECT_EQ(got.status, exit_code::perhaps) << line[0];
    EXPECT_THAT(got.err, HasSubstr("not known whether it was done"));
  }
  for (const auto* question : {"status", "rooms", "named"}) {
    EXPECT_EQ(one_request(frame_type::call, "", true).run({question}).status, exit_code::unreachable) << question;
  }
}

TEST(cli, tail_counts_and_filters) {
  one_request daemon{frame_type::subscribe,
                     answer_with("") + event_frame(1) + proto::encode(live{1}) + event_frame(2) + event_frame(3)};
  const auto got = daemon.run({"--json", "tail", "--count", "2", "--event", "a", "--event", "b*", "--topic", "c"});
  EXPECT_EQ(got.status, exit_code::ok);
  EXPECT_EQ(
      got.out,
      "{\"type\":\"event\",\"seq\":1,\"time\":1,\"event\":\"x\",\"arguments\":[1]}\n{\"type\":\"live\",\"seq\":1}\n"
      "{\"type\":\"event\",\"seq\":2,\"time\":1,\"event\":\"x\",\"arguments\":[1]}\n");
  EXPECT_EQ(daemon.request().head, R"({"id":1,"events":["a","b*"],"topics":["c"]})");
}

TEST(cli, tail_filters_by_fields) {
  one_request daemon{frame_type::subscribe, answer_with("") + event_frame(1)};
  EXPECT_EQ(
      daemon.run({"tail", "--count", "1", "--field", "shopId=7", "--field", "note=a=b", "--field", "shopId=8"}).status,
      exit_code::ok);
  EXPECT_EQ(daemon.request().head, R"({"id":1,"fields":{"shopId":["7","8"],"note":["a=b"]}})");
}

TEST(cli, tail_acknowledges_what_it_has_printed) {
  const auto acked = [](request_id id) {
    proto::result result{id, {}, {}, {}};
    result.durable = true;
    return proto::encode(result);
  };
  scripted_daemon daemon{{{{{frame_type::hello, welcome_frame()},
                            {frame_type::subscribe, answer_with("") + event_frame(2000)},
                            {frame_type::ack, acked(2) + event_frame(2001) + event_frame(2002)},
                            {frame_type::ack, acked(3)},
                            {frame_type::ack, acked(4)},
                            {frame_type::ack, acked(5)}},
                           false}}};
  const auto got = run_line({"--socket", daemon.path(), "tail", "--subscriber", "till-3", "--count", "3"});
  EXPECT_EQ(got.status, exit_code::ok) << got.err;
  const auto& frames = daemon.received();
  EXPECT_THAT(frames.at(0).head, HasSubstr(R"("subscriber":"till-3")"));
  EXPECT_THAT(frames.at(2).head, HasSubstr(R"("seq":2000})")) << "at once";
  EXPECT_THAT(frames.back().head, HasSubstr(R"("seq":2002})")) << "and an answer to the last is waited for";
}

TEST(cli, tail_ends_with_its_time_or_the_daemon) {
  EXPECT_EQ(one_request(frame_type::subscribe, answer_with("")).run({"tail", "--timeout", "1ms"}).status,
            exit_code::ok);
  const auto late = one_request(frame_type::subscribe, answer_with("") + event_frame(1))
                        .run({"tail", "--count", "2", "--timeout", "50ms"});
  EXPECT_EQ(late.status, exit_code::timeout);
  EXPECT_THAT(late.err, HasSubstr("of 2"));
  const auto gone = one_request(frame_type::subscribe,
                                answer_with("") + proto::encode(bye{"shutdown", "the daemon stops", true}), true)
                        .run({"tail", "--no-follow"});
  EXPECT_EQ(gone.status, exit_code::unreachable);
  EXPECT_THAT(gone.err, HasSubstr("the daemon stops"));
}

TEST(cli, tail_outlives_a_restart_of_the_daemon_and_says_so) {
  const std::string goodbye = proto::encode(bye{"shutdown", "the daemon stops", true});
  scripted_daemon daemon{
      {conversation(frame_type::subscribe, answer_with("") + event_frame(2001) + goodbye, true),
       conversation(frame_type::subscribe, proto::encode(proto::result{2, {}, {}, {}}) + event_frame(2002))}};
  const auto got = run_line({"--socket", daemon.path(), "--json", "tail", "--count", "2"});
  EXPECT_EQ(got.status, exit_code::ok);
  EXPECT_THAT(got.out, AllOf(HasSubstr(R"("seq":2001)"), HasSubstr(R"("seq":2002)")));
  EXPECT_THAT(got.err, AllOf(HasSubstr("the daemon stops"), HasSubstr("waiting for the daemon (--no-follow"),
                             HasSubstr("connected again")));
  EXPECT_THAT(daemon.received().at(3).head, HasSubstr(R"("since":{"epoch":"8c0d3a5b7e9f1024","seq":2001})"));
}

std::string status_frame(upstream_state state) {
  return proto::encode(status{state, 1, {}, {}, {}, {}, {}});
}

TEST(cli, wait_ends_when_the_state_is_there) {
  one_request daemon{frame_type::subscribe, answer_with("") + status_frame(upstream_state::offline) +
                                                status_frame(upstream_state::connected) +
                                                status_frame(upstream_state::authenticated)};
  const auto got = daemon.run({"wait", "--for", "authenticated", "--timeout", "1m"});
  EXPECT_EQ(got.status, exit_code::ok);
  EXPECT_THAT(got.out, StartsWith("authenticated since"));
}

TEST(cli, wait_gives_up_in_time) {
  one_request daemon{frame_type::subscribe, answer_with("") + status_frame(upstream_state::offline)};
  const auto got = daemon.run({"wait", "--for", "connected", "--timeout", "20ms"});
  EXPECT_EQ(got.status, exit_code::timeout);
  EXPECT_EQ(run_line({"--socket", "/nonexistent/s", "wait", "--for", "offline", "--timeout", "1ms"}).status,
            exit_code::unreachable);
}

TEST(cli, wait_does_not_tell_the_state_of_a_daemon_that_is_gone) {
  one_request daemon{frame_type::subscribe,
                     answer_with("") + status_frame(upstream_state::authenticated) +
                         proto::encode(bye{"shutdown", "the daemon stops", true}),
                     true};
  const auto got = daemon.run({"wait", "--for", "offline", "--timeout", "300ms"});
  EXPECT_EQ(got.status, exit_code::unreachable);
  EXPECT_THAT(got.err, AllOf(HasSubstr("the daemon stops"), testing::Not(HasSubstr("authenticated"))));
}

TEST(cli, output_that_cannot_be_written_is_status_1) {
  struct full : std::streambuf {
  } nowhere;  // takes nothing
  for (const auto& [request, reply, line] :
       {std::tuple{frame_type::call, answer_with("{}"), std::vector<std::string>{"status"}},
        std::tuple{frame_type::subscribe, answer_with("") + event_frame(1), std::vector<std::string>{"tail"}}}) {
    scripted_daemon daemon{{conversation(request, reply)}};
    std::istringstream in;
    std::ostream out{&nowhere};
    std::ostringstream err;
    auto whole = line;
    whole.insert(whole.begin(), {"--socket", daemon.path()});
    EXPECT_EQ(run(whole, in, out, err, false), exit_code::failed) << line[0];
    EXPECT_THAT(err.str(), HasSubstr("cannot write"));
  }
}

TEST(cli, wait_outlives_a_restart_of_the_daemon) {
  scripted_daemon daemon{
      {conversation(frame_type::subscribe, answer_with("") + status_frame(upstream_state::offline), true),
       conversation(frame_type::subscribe,
                    proto::encode(proto::result{2, {}, {}, {}}) + status_frame(upstream_state::authenticated))}};
  EXPECT_EQ(run_line({"--socket", daemon.path(), "wait", "--for", "authenticated", "--timeout", "1m"}).status,
            exit_code::ok);
}

TEST(reached, takes_more_than_what_is_waited_for) {
  using enum upstream_state;
  EXPECT_TRUE(reached(offline, offline) && reached(connecting, offline) && !reached(connected, offline));
  EXPECT_TRUE(reached(connected, connected) && reached(authenticating, connected) && reached(authenticated, connected));
  EXPECT_FALSE(reached(connecting, connected) || reached(offline, connected));
  EXPECT_TRUE(reached(authenticated, authenticated) && !reached(authenticating, authenticated));
}

TEST(cli, colours_only_on_a_terminal_and_never_in_json) {
  const std::string json = R"({"upstream":{"state":"connecting"}})";
  for (const bool terminal : {false, true}) {
    scripted_daemon daemon{
        {conversation(frame_type::call, answer_with(json)), conversation(frame_type::call, answer_with(json))}};
    EXPECT_EQ(run_line({"--socket", daemon.path(), "status"}, {}, terminal).out.find('\033') != std::string::npos,
              terminal);
    EXPECT_EQ(run_line({"--socket", daemon.path(), "status", "--json"}, {}, terminal).out.find('\033'),
              std::string::npos);
  }
}

}  // namespace
}  // namespace roombridge::ctl
