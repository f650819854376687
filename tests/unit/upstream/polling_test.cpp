// SPDX-License-Identifier: MIT
// Polling, and its upgrade, over real loopback sockets: the peer's script and the transport's user run side by side.
#include "daemon/upstream/polling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/upstream/upgradable.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::scripted_connection;
using test::scripted_peer;
using test::server_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view offer =
    R"(0{"sid":"s/1","upgrades":["websocket"],"pingInterval":250000,"pingTimeout":200000,"maxPayload":20})";
constexpr std::string_view impatient = R"(0{"sid":"s","upgrades":[],"pingInterval":1,"pingTimeout":1})";

// Everything that arrives, packet by packet; binary ones with a "b".
class recorder final : public inbound_sink {
 public:
  bool wants_more() const override { return true; }
  bool max_payload_announced() const override { return true; }
  bool namespace_joined() const override { return true; }
  void on_engine_packet(const engineio::packet& packet) override {
    seen.push_back(static_cast<char>(packet.type) + std::string(packet.data.substr(0, 6)));
  }
  void on_packet(const socketio::packet& packet) override { seen.push_back("packet " + std::string(packet.data)); }
  void on_event(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments) override {
    seen.emplace_back(packet.data);
    for (const auto& one : attachments) {
      seen.push_back("b" + std::string(reinterpret_cast<const char*>(one.data()), one.size()));
    }
  }
  void on_ack(const socketio::packet&, std::span<const std::span<const std::byte>>) override { seen.push_back("ack"); }
  void on_malformed(std::string_view why) override { seen.push_back("malformed: " + std::string(why)); }
  void on_broken(const failure& why, std::uint16_t) override { seen.push_back("broken: " + why.text); }

  std::vector<std::string> seen;
};

class upstream_polling : public testing::Test {
 public:
  upstream_polling() : peer(context), polls(context), posts(context), web(context) {}

  using script = io::task<> (*)(upstream_polling&);

  // Runs the peer's script beside a user that opens the transport and reads it to its end.
  void run(std::unique_ptr<transport> made, script play) {
    connection = std::move(made);
    const auto rethrow = [](std::exception_ptr error) { EXPECT_FALSE(error); };
    boost::asio::co_spawn(context, play(*this), rethrow);
    boost::asio::co_spawn(context, use(), [this](std::exception_ptr error) {
      EXPECT_FALSE(error);
      ended = true;
      connection.reset();
    });
    context.run_for(60s);
    EXPECT_TRUE(ended) << "the transport did not end";
  }

  std::unique_ptr<transport> make_polling(std::size_t receive_limit = 1000) {
    return std::make_unique<polling>(context, trace, where(), tls_options{}, receive_limit);
  }
  std::unique_ptr<transport> make_upgradable(bool at_once = true, std::size_t receive_limit = 1000) {
    return std::make_unique<upgradable>(context, trace, where(), tls_options{}, receive_limit,
                                        upgradable::plan{at_once, backoff(1ms, 2ms), false, [this] { ++upgrades; }});
  }
  endpoint where() const { return std::get<endpoint>(make_endpoint(peer.url(), "/s/")); }

  void send(std::string_view text) {
    connection->send_text(text);
    connection->flush();
  }

  io::context context{1};
  tracer trace;
  scripted_peer peer;
  scripted_connection polls;  // the peer's end of the transport's connections
  scripted_connection posts;
  scripted_connection web;
  std::unique_ptr<transport> connection;
  recorder got;
  std::vector<std::string> asked;  // what a script noted
  std::string filler;              // packets that a script puts before others
  failure end;
  int bursts = 0;
  int upgrades = 0;
  bool ended = false;

 private:
  io::task<> use() {
    const auto failed = co_await connection->open(20s);
    if (failed) {
      end = *failed;
      co_return;
    }
    inbound in(1000, "server", got);
    for (;;) {
      const burst next = co_await connection->read();
      if (next.bytes.empty()) {
        end = next.ended;
        break;
      }
      ++bursts;
      connection->deliver(next.bytes, in);
      connection->flush();
    }
  }
};

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// Accepts the polling connection, and answers its first poll.
io::task<> begin(upstream_polling& t, std::string_view body) {
  co_await t.peer.accept(t.polls);
  t.asked.push_back(co_await t.polls.read_request());
  co_await t.polls.answer(body, "Set-Cookie: io=1; Path=/\r\n");
}

io::task<> several_bursts(upstream_polling& t) {
  co_await begin(t, std::string(offer) +
                        "\x1e"
                        "2");
  t.asked.push_back(co_await t.polls.read_request());
  co_await t.polls.answer(
      "42[\"a\"]\x1e"
      "451-[\"b\",{\"_placeholder\":true,\"num\":0}]\x1e"
      "bAP8=\x1e"
      "b?\x1e\x1e"
      "6");
  co_await t.polls.read_request();
  t.polls.drop();
}

TEST_F(upstream_polling, hands_over_each_response_as_a_burst) {
  run(make_polling(), several_bursts);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_THAT(asked[0], StartsWith("GET /s/?EIO=4&transport=polling HTTP/1.1\r\n"));
  EXPECT_THAT(asked[0], Not(HasSubstr("Cookie")));
  EXPECT_THAT(asked[1], StartsWith("GET /s/?EIO=4&transport=polling&sid=s%2F1 HTTP/1.1\r\n"));
  EXPECT_THAT(asked[1], HasSubstr("\r\nCookie: io=1\r\n"));
  EXPECT_THAT(got.seen,
              ElementsAre("0{\"sid\"", "2", "[\"a\"]", "[\"b\",{\"_placeholder\":true,\"num\":0}]",
                          std::string("b\x00\xff", 3), "malformed: a binary packet over polling is not base64",
                          "malformed: an empty Engine.IO packet", "6"));
  EXPECT_EQ(bursts, 2);
  EXPECT_EQ(end.why, cause::connection_lost);
}

io::task<> large_response(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  co_await t.polls.answer(t.filler);
  co_await t.polls.read_request();
  t.polls.drop();
}

TEST_F(upstream_polling, hands_over_a_large_response_in_pieces) {
  for (int i = 0; i < 50'000; ++i) filler += "6\x1e";
  run(make_polling(1u << 20), large_response);
  EXPECT_EQ(got.seen.size(), 50'001u);
  EXPECT_EQ(bursts, 3);
}

io::task<> one_post_at_a_time(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  t.send("4first");
  co_await t.peer.accept(t.posts);
  std::string request = co_await t.posts.read_request();
  t.asked.push_back(request);
  t.send("4second");
  t.connection->send_binary("third");
  t.send("4a text that is larger than maxPayload");
  t.send("4fifth");
  EXPECT_GT(t.connection->queued(), 0u);
  for (int i = 0; i < 4; ++i) {
    t.asked.push_back(body_of(request));
    co_await t.posts.answer("ok");
    if (i < 3) request = co_await t.posts.read_request();
  }
  co_await t.polls.answer("6");
  co_await t.polls.read_request();
  EXPECT_EQ(t.connection->queued(), 0u);
  t.connection->abort();
}

TEST_F(upstream_polling, posts_what_fits_one_after_the_other) {
  run(make_polling(), one_post_at_a_time);
  ASSERT_EQ(asked.size(), 6u);
  EXPECT_THAT(asked[1], StartsWith("POST /s/?EIO=4&transport=polling&sid=s%2F1 HTTP/1.1\r\n"));
  EXPECT_THAT(asked[1], HasSubstr("\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 6\r\n"));
  EXPECT_EQ(asked[2], "4first");
  EXPECT_EQ(asked[3],
            "4second\x1e"
            "bdGhpcmQ=");
  EXPECT_EQ(asked[4], "4a text that is larger than maxPayload");
  EXPECT_EQ(asked[5], "4fifth");
}

io::task<> end_idle_connections(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  t.send("4a");
  co_await t.peer.accept(t.posts);
  co_await t.posts.read_request();
  co_await t.posts.answer("ok");
  t.posts.drop();
  // Said, but not yet done.
  co_await t.polls.answer("6", "Connection: close\r\n");
  co_await t.peer.accept(t.web);
  co_await t.web.read_request();
  t.send("4b");
  co_await t.peer.accept(t.posts);
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.posts.answer("ok", "Keep-Alive: timeout=1\r\n");
  co_await t.web.answer("6");
  co_await t.web.read_request();
  EXPECT_EQ(t.connection->queued(), 0u);
  t.send("4c");
  co_await t.peer.accept(t.polls);
  t.asked.push_back(body_of(co_await t.polls.read_request()));
  t.connection->abort();
}

TEST_F(upstream_polling, makes_a_connection_anew_when_it_cannot_be_kept) {
  run(make_polling(), end_idle_connections);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[1], "4b");
  EXPECT_EQ(asked[2], "4c");
}

io::task<> say_goodbye(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  t.connection->send_text("41");
  t.connection->close(1000, 50s);
  t.send("4too late");
  co_await t.peer.accept(t.posts);
  co_await t.polls.answer("6");
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.posts.answer("ok");
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.posts.answer("ok");
}

TEST_F(upstream_polling, closes_the_session_and_waits_for_the_server) {
  run(make_polling(), say_goodbye);
  EXPECT_EQ(asked[1], "41");
  EXPECT_EQ(asked[2], "1");
  EXPECT_THAT(got.seen, ElementsAre("0{\"sid\""));
}

io::task<> never_answer(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  t.connection->close(1000, 1ms);
  co_await t.peer.accept(t.posts);
  co_await t.posts.read_to_end();
}

TEST_F(upstream_polling, closes_though_the_server_does_not_answer) {
  run(make_polling(), never_answer);
}

io::task<> take_no_post(upstream_polling& t) {
  co_await begin(t, impatient);
  co_await t.polls.read_request();
  t.send("4a");
  co_await t.peer.accept(t.posts);
}

TEST_F(upstream_polling, gives_up_a_server_that_takes_no_post) {
  run(make_polling(), take_no_post);
  EXPECT_EQ(end.why, cause::send_stalled);
}

io::task<> poll_only(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  const std::string piece(1u << 20, 'x');
  for (std::size_t sent = 0; sent <= transport::max_queued; sent += piece.size()) t.send(piece);
}

TEST_F(upstream_polling, bounds_what_waits) {
  run(make_polling(), poll_only);
  EXPECT_EQ(end.why, cause::send_stalled);
}

// What the server answers to the first poll, to the second one, to a POST; empty: it is not asked.
struct ending {
  std::string first;
  std::string second;
  std::string post;
  cause why;
  std::string_view words;
};
std::string refusal(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}
std::string good(std::string_view body) {
  return refusal(200, body);
}

class polling_endings : public upstream_polling, public testing::WithParamInterface<ending> {};

io::task<> play_ending(upstream_polling& t) {
  const ending& what = polling_endings::GetParam();
  co_await t.peer.accept(t.polls);
  co_await t.polls.read_request();
  co_await t.polls.write(what.first);
  if (what.second.empty() && what.post.empty()) co_return;
  co_await t.polls.read_request();
  if (!what.post.empty()) {
    t.send("4something");
    co_await t.peer.accept(t.posts);
    co_await t.posts.read_request();
    co_await t.posts.write(what.post);
  } else {
    co_await t.polls.write(what.second);
  }
}

TEST_P(polling_endings, are_named) {
  run(make_polling(), play_ending);
  EXPECT_EQ(end.why, GetParam().why) << end.text;
  EXPECT_THAT(end.text, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    all, polling_endings,
    testing::Values(ending{refusal(404, "nothing here"), "", "", cause::http_4xx, "nothing here"},
                    ending{good("<html>a portal</html>"), "", "", cause::engine_refused, "check `path`: \"<html>"},
                    ending{"SSH-2.0\r\n\r\n", "", "", cause::http_not_websocket, "not in HTTP"},
                    ending{good(std::string(offer)), good(""), "", cause::protocol_error, "with nothing"},
                    ending{good(std::string(offer)), good(std::string(1001, '6')), "", cause::message_too_large,
                           "receive_limit"},
                    ending{good(std::string(offer)), refusal(502, "bad gateway"), "", cause::http_5xx, "bad gateway"},
                    ending{good(std::string(offer)), "", refusal(413, ""), cause::message_too_large, "10 bytes"}));

io::task<> move_over(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  t.send("4before");
  co_await t.peer.accept(t.posts);
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.peer.accept(t.web);
  t.asked.push_back(co_await t.web.read_request());
  co_await t.web.switch_protocols(t.asked.back(), "");
  t.asked.push_back(co_await t.web.read_text());
  co_await t.web.send("3probe");
  co_await t.polls.answer(t.filler +
                          "42[\"polled\"]\x1e"
                          "6");
  // Neither a poll nor another POST comes now, and the one under way is waited for.
  while (t.bursts < 2) co_await boost::asio::post(t.context, boost::asio::use_awaitable_t<io::executor>{});
  EXPECT_EQ(t.upgrades, 0);
  t.send("4behind");
  t.connection->send_binary("\xff");
  t.connection->flush();
  co_await t.posts.answer("ok");
  for (int i = 0; i < 3; ++i) t.asked.push_back((co_await t.web.read_frame())->payload);
  co_await t.web.send("42[\"over WebSocket\"]");
  t.send("4after");
  t.asked.push_back(co_await t.web.read_text());
  co_await t.polls.read_to_end();
  t.web.drop();
}

TEST_F(upstream_polling, becomes_a_websocket_and_loses_nothing) {
  run(make_upgradable(), move_over);
  ASSERT_EQ(asked.size(), 8u);
  EXPECT_EQ(asked[1], "4before");
  EXPECT_THAT(asked[2], StartsWith("GET /s/?EIO=4&transport=websocket&sid=s%2F1 HTTP/1.1\r\n"));
  EXPECT_THAT(asked[2], HasSubstr("\r\nCookie: io=1\r\n"));
  EXPECT_EQ(asked[3], "2probe");
  EXPECT_EQ(asked[4], "5");
  EXPECT_EQ(asked[5], "4behind");
  EXPECT_EQ(asked[6], "\xff");
  EXPECT_EQ(asked[7], "4after");
  EXPECT_THAT(got.seen, ElementsAre("0{\"sid\"", "[\"polled\"]", "6", "[\"over WebSocket\"]"));
  EXPECT_EQ(upgrades, 1);
  EXPECT_EQ(end.why, cause::connection_lost);
}

TEST_F(upstream_polling, becomes_a_websocket_behind_the_last_piece_of_a_response) {
  for (int i = 0; i < 50'000; ++i) filler += "6\x1e";
  run(make_upgradable(true, 1u << 20), move_over);
  ASSERT_EQ(got.seen.size(), 50'004u);
  got.seen.erase(got.seen.begin() + 1, got.seen.begin() + 50'001);
  EXPECT_THAT(got.seen, ElementsAre("0{\"sid\"", "[\"polled\"]", "6", "[\"over WebSocket\"]"));
}

io::task<> refuse_websocket(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  for (const std::string_view refused : {"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", ""}) {
    co_await t.peer.accept(t.web);
    co_await t.web.read_request();
    co_await t.web.write(std::string(refused));
  }
  for (const std::string_view wrong : {"3", "40", ""}) {
    co_await t.peer.accept(t.web);
    co_await t.web.switch_protocols(co_await t.web.read_request(), "");
    co_await t.web.read_text();
    co_await t.web.send(wrong);
  }
  // Answered well, but gone before the poll has ended.
  co_await t.peer.accept(t.web);
  co_await t.web.switch_protocols(co_await t.web.read_request(), "");
  co_await t.web.read_text();
  co_await t.web.write(server_text("3probe") + server_text("6"));
  co_await t.peer.accept(t.web);
  co_await t.web.switch_protocols(co_await t.web.read_request(), "");
  co_await t.web.read_text();
  co_await t.web.send("3probe");
  t.web.drop();
  co_await t.polls.answer("42[\"still here\"]");
  co_await t.polls.read_request();
  t.send("4alive");
  co_await t.peer.accept(t.posts);
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  t.connection->abort();
}

TEST_F(upstream_polling, goes_on_when_a_probe_fails) {
  run(make_upgradable(false), refuse_websocket);
  EXPECT_THAT(got.seen, ElementsAre("0{\"sid\"", "[\"still here\"]"));
  EXPECT_EQ(asked.back(), "4alive");
  EXPECT_EQ(upgrades, 0);
}

io::task<> close_before_the_upgrade(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  co_await t.peer.accept(t.web);
  co_await t.web.switch_protocols(co_await t.web.read_request(), "");
  co_await t.web.read_text();
  t.connection->close(1000, 50s);
  co_await t.web.read_to_end();
  co_await t.peer.accept(t.posts);
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.polls.answer("6");
  co_await t.posts.answer("ok");
}

TEST_F(upstream_polling, says_goodbye_by_polling_before_the_upgrade) {
  run(make_upgradable(), close_before_the_upgrade);
  EXPECT_EQ(asked.back(), "1");
  EXPECT_EQ(upgrades, 0);
}

io::task<> close_while_the_poll_ends(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  co_await t.peer.accept(t.web);
  co_await t.web.switch_protocols(co_await t.web.read_request(), "");
  co_await t.web.read_text();
  co_await t.web.write(server_text("3probe") + test::server_frame(9, "seen?"));
  t.asked.push_back((co_await t.web.read_frame())->payload);
  t.connection->close(1000, 50s);
  co_await t.polls.answer("6");
  co_await t.peer.accept(t.posts);
  t.asked.push_back(body_of(co_await t.posts.read_request()));
  co_await t.posts.answer("ok");
}

TEST_F(upstream_polling, does_not_move_over_once_it_is_closing) {
  run(make_upgradable(), close_while_the_poll_ends);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[1], "seen?");
  EXPECT_EQ(asked[2], "1");
  EXPECT_EQ(upgrades, 0);
}

io::task<> offer_nothing(upstream_polling& t) {
  co_await begin(t, R"(0{"sid":"s","upgrades":[],"pingInterval":1000,"pingTimeout":1000})");
  for (int i = 0; i < 20; ++i) {
    co_await t.polls.read_request();
    co_await t.polls.answer("6");
  }
  co_await t.polls.read_request();
  t.send("4a");
  co_await t.peer.accept(t.posts);
  t.asked.push_back(co_await t.posts.read_request());
  t.connection->abort();
}

TEST_F(upstream_polling, does_not_ask_where_no_websocket_is_offered) {
  run(make_upgradable(), offer_nothing);
  EXPECT_THAT(asked.back(), StartsWith("POST"));
}

}  // namespace
}  // namespace roombridge::upstream
