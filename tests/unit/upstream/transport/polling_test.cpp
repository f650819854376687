// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "tests/unit/upstream/transport/polling_fixture.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view patient = R"(0{"sid":"s","upgrades":[],"pingInterval":250000,"pingTimeout":200000})";
constexpr std::string_view impatient = R"(0{"sid":"s","upgrades":[],"pingInterval":1,"pingTimeout":1})";

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

io::task<> many_at_once(upstream_polling& t) {
  co_await begin(t, std::string(patient));
  co_await t.polls.read_request();
  for (int n = 0; n < 40; ++n) t.connection->send_text("4" + std::to_string(n));
  t.connection->flush();
  co_await t.peer.accept(t.posts);
  for (bool last = false; !last;) {
    t.asked.push_back(body_of(co_await t.posts.read_request()));
    last = t.asked.back().ends_with("439");
    co_await t.posts.answer("ok");
  }
  t.connection->abort();
}

TEST_F(upstream_polling, posts_at_most_16_packets_at_once_in_their_order) {
  run(make_polling(), many_at_once);
  ASSERT_EQ(asked.size(), 4u);
  std::string all;
  for (std::size_t n = 1; n < asked.size(); ++n) {
    EXPECT_LE(std::count(asked[n].begin(), asked[n].end(), '\x1e'), 15) << asked[n];
    all += (all.empty() ? "" : "\x1e") + asked[n];
  }
  std::string sent = "40";
  for (int n = 1; n < 40; ++n) sent.append("\x1e").append("4" + std::to_string(n));
  EXPECT_EQ(all, sent);
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
                    ending{good("<html>a portal</html>"), "", "", cause::engine_refused,
                           "check `path`, and whether a network's login page is in the way: a web page"},
                    ending{"SSH-2.0\r\n\r\n", "", "", cause::http_not_websocket, "not in HTTP"},
                    ending{good(std::string(offer)), good(""), "", cause::protocol_error, "with nothing"},
                    ending{good(std::string(offer)), good(std::string(1001, '6')), "", cause::message_too_large,
                           "receive_limit"},
                    ending{good(std::string(offer)), refusal(502, "bad gateway"), "", cause::http_5xx, "bad gateway"},
                    ending{good(std::string(offer)), "", refusal(413, ""), cause::message_too_large, "10 bytes"}));

}  // namespace
}  // namespace roombridge::upstream
