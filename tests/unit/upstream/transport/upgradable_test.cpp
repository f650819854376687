// SPDX-License-Identifier: MIT
// From polling to a WebSocket within the session.
#include <gmock/gmock.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/unit/upstream/transport/polling_fixture.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using test::server_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

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

io::task<> ask_for_a_pause(upstream_polling& t) {
  co_await begin(t, offer);
  co_await t.polls.read_request();
  co_await t.peer.accept(t.web);
  co_await t.web.read_request();
  co_await t.web.write("HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n");
  for (int i = 0; i < 1000; ++i) {
    co_await t.polls.answer("42[\"event\"]");
    co_await t.polls.read_request();
  }
  t.connection->abort();
}

// The delays between probes are those of a millisecond or two.
TEST_F(upstream_polling, asks_no_more_over_a_websocket_while_the_server_wants_to_be_left_alone) {
  std::vector<std::string> steps;
  trace.start([&steps](const trace_line& line) {
    steps.push_back(line.text);
    return true;
  });
  run(make_upgradable(false), ask_for_a_pause);
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(), [](const auto& one) { return one.starts_with("asking over"); }),
            1);
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
