// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/upgrade.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::array<std::byte, 16> nonce{std::byte{1}, std::byte{2}};

endpoint server() {
  return std::get<endpoint>(make_endpoint("http://shop.example:3001", "/socket.io/"));
}

std::string switching(std::string_view more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, "
         "Upgrade\r\nSec-WebSocket-Accept: " +
         websocket_accept(websocket_key(nonce)) + "\r\n" + std::string(more) + "\r\n";
}

// Feeds it split at `at`; says the result.
struct outcome {
  bool over = false;
  std::optional<failure> result;
  std::string surplus;
};
outcome run(const std::string& response, std::size_t at) {
  upgrade handshake(server(), {}, nonce, false);
  outcome out;
  out.over = handshake.feed(std::string_view(response).substr(0, at));
  if (!out.over) out.over = handshake.feed(std::string_view(response).substr(at));
  out.result = handshake.result();
  out.surplus = handshake.surplus();
  return out;
}

TEST(upgrade, asks_as_rfc_6455_wants) {
  upgrade handshake(server(), {}, nonce, false);
  EXPECT_THAT(handshake.request(), testing::StartsWith("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"));
  EXPECT_THAT(handshake.request(), HasSubstr("\r\nHost: shop.example:3001\r\n"));
  EXPECT_THAT(handshake.request(), HasSubstr("\r\nSec-WebSocket-Key: " + websocket_key(nonce) + "\r\n"));
  EXPECT_THAT(handshake.request(), HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(handshake.request(), testing::EndsWith("\r\n\r\n"));
}

TEST(upgrade, never_shows_a_token_that_the_server_repeats) {
  const std::string token(300, 's');  // cut in the middle it would still be one
  endpoint where = server();
  const auto hidden = std::make_shared<secrets>();
  hidden->set(secrets::kind::token, {token});
  where.hidden = hidden;
  for (const std::string& response :
       {"HTTP/1.1 302 Found\r\nLocation: https://h/" + token + "/socket.io/?EIO=4&token=" + token + "\r\n\r\n",
        "HTTP/1.1 400 " + token + "\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 400 Bad\r\nContent-Length: 300\r\n\r\n" + token, "BAD token " + token + "\r\n\r\n"}) {
    upgrade handshake(where, {}, nonce, false);
    ASSERT_TRUE(handshake.feed(response)) << response;
    EXPECT_THAT(handshake.result()->text, Not(HasSubstr("sss")));
    EXPECT_THAT(handshake.result()->text, HasSubstr("[token]"));
  }
}

TEST(upgrade, takes_the_response_split_anywhere) {
  const std::string response = switching();
  for (std::size_t at = 0; at < response.size(); ++at) {
    const outcome out = run(response, at);
    EXPECT_TRUE(out.over) << at;
    EXPECT_FALSE(out.result) << at << ": " << out.result->text;
    EXPECT_EQ(out.surplus, "");
  }
}

TEST(upgrade, takes_several_lines_of_one_field_for_one_list) {
  std::string response = switching();
  const std::string_view one_line = "Connection: keep-alive, Upgrade\r\n";
  response.replace(response.find(one_line), one_line.size(), "Connection: keep-alive\r\nConnection: Upgrade\r\n");
  const outcome out = run(response, 10);
  EXPECT_TRUE(out.over);
  EXPECT_FALSE(out.result) << out.result->text;
}

TEST(upgrade, gives_back_what_came_behind_the_response) {
  const std::string response = switching() + "\x81\x05hello";
  const auto header = switching().size();
  for (std::size_t at = header; at <= response.size(); ++at) {
    upgrade handshake(server(), {}, nonce, false);
    ASSERT_TRUE(handshake.feed(std::string_view(response).substr(0, at)));
    EXPECT_EQ(handshake.surplus(), std::string_view(response).substr(header, at - header));
  }
}

TEST(upgrade, refuses_a_switch_that_is_not_ours) {
  const std::string accept = websocket_accept(websocket_key(nonce));
  std::string other = switching();
  other.replace(other.find(accept), accept.size(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_THAT(run(other, 10).result->text, HasSubstr("another WebSocket handshake"));
  std::string h2 = switching();
  h2.replace(h2.find("WebSocket\r"), 9, "h2c");
  EXPECT_THAT(run(h2, 10).result->text, HasSubstr("not to WebSocket"));
  EXPECT_THAT(run(switching("Sec-WebSocket-Extensions: permessage-deflate\r\n"), 10).result->text,
              HasSubstr("extension"));
  EXPECT_EQ(run(other, 10).result->why, cause::http_not_websocket);
}

// What the server's answer to the offer of permessage-deflate settles, or why it is refused.
struct settlement {
  std::optional<deflate_parameters> deflate;
  std::string refused;
};
settlement settle(std::string_view extensions, bool offered = true) {
  upgrade handshake(server(), {}, nonce, offered);
  EXPECT_TRUE(handshake.feed(switching(extensions)));
  return {handshake.deflate(), handshake.result() ? handshake.result()->text : std::string()};
}

TEST(upgrade, offers_compression_and_takes_the_servers_answer) {
  EXPECT_THAT(upgrade(server(), {}, nonce, false).request(), Not(HasSubstr("Extensions")));
  EXPECT_THAT(upgrade(server(), {}, nonce, true).request(),
              HasSubstr("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
  EXPECT_EQ(settle("").deflate, std::nullopt);
  const std::string header = "Sec-WebSocket-Extensions: permessage-deflate";
  EXPECT_EQ(settle(header + "\r\n").deflate, deflate_parameters{});
  for (const std::string& parameters :
       {"; server_max_window_bits=10; client_no_context_takeover"s, "; client_max_window_bits=8"s,
        "; server_max_window_bits=\"15\"; client_max_window_bits=9"s})
    EXPECT_EQ(settle(header + parameters + "\r\n").deflate, deflate_parameters{}) << parameters;
  EXPECT_EQ(settle(header + "; server_no_context_takeover\r\n").deflate,
            deflate_parameters{.server_no_context_takeover = true});
}

TEST(upgrade, refuses_extensions_that_were_not_offered) {
  const std::string header = "Sec-WebSocket-Extensions: permessage-deflate";
  for (const std::string& answer :
       {std::string("Sec-WebSocket-Extensions: x-webkit-deflate-frame"), header + "; client_max_window_bits=16",
        header + "; other", header + ", permessage-deflate", header + "\r\n" + header,
        // RFC 7692 section 7.1: values that they cannot have, and parameters twice.
        header + "; client_max_window_bits", header + "; server_max_window_bits=7",
        header + "; server_max_window_bits=16", header + "; server_max_window_bits=010",
        header + "; server_no_context_takeover=1", header + "; server_max_window_bits=9; server_max_window_bits=9"})
    EXPECT_THAT(settle(answer + "\r\n").refused, HasSubstr("extension that was not offered")) << answer;
  EXPECT_THAT(settle(header + "\r\n", false).refused, HasSubstr("extension that was not offered"));
}

struct refusal {
  std::string_view response;
  cause why;
  std::string_view words;
};
class upgrade_refusals : public testing::TestWithParam<refusal> {};

TEST_P(upgrade_refusals, are_named_however_they_are_split) {
  const std::string response(GetParam().response);
  for (std::size_t at = 0; at < response.size(); ++at) {
    const outcome out = run(response, at);
    ASSERT_TRUE(out.over) << at;
    ASSERT_TRUE(out.result) << at;
    EXPECT_EQ(out.result->why, GetParam().why);
  }
  EXPECT_THAT(run(response, response.size()).result->text, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    all, upgrade_refusals,
    testing::Values(
        refusal{"HTTP/1.1 400 Bad Request\r\nContent-Length: 34\r\n\r\n{\"code\":0,\"message\":\"Transport unk\"}",
                cause::http_4xx, "Transport unk"},
        refusal{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", cause::http_4xx, "check `path`"},
        refusal{"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", cause::http_4xx, "before Socket.IO"},
        refusal{"HTTP/1.1 301 Moved\r\nLocation: https://other.example/socket.io/?EIO=4&transport=websocket\r\n\r\n",
                cause::http_redirect, "answered HTTP 301 Moved; to follow it, set upstream.url: https://other.example"},
        refusal{"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n<html><title>Hotel WiFi</title>welcome!!!",
                cause::http_not_websocket,
                "answered HTTP 200 OK: the web page \"Hotel WiFi\"; something else answers there: a login page"},
        refusal{"HTTP/1.1 502 Bad Gateway\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08?",
                cause::http_5xx, "502 Bad Gateway: a body in gzip, which was not asked for"},
        refusal{"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n", cause::http_5xx,
                "503"},
        refusal{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", cause::http_not_websocket, "200"},
        refusal{"SSH-2.0-OpenSSH_9.2\r\n\r\n", cause::http_not_websocket, "not in HTTP"}));

TEST(upgrade, cuts_what_a_refusal_says) {
  const std::string body(100'000, 'x');
  const outcome out = run("HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n" + body, 20);
  ASSERT_TRUE(out.result);
  EXPECT_LT(out.result->text.size(), 600u);
}

TEST(upgrade, bounds_the_header) {
  upgrade handshake(server(), {}, nonce, false);
  bool over = handshake.feed("HTTP/1.1 101 Switching Protocols\r\n");
  const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  int lines = 0;
  while (!over && lines < 1000) {
    over = handshake.feed(line);
    ++lines;
  }
  EXPECT_TRUE(over);
  EXPECT_LE(lines, 17);
  EXPECT_EQ(handshake.result()->why, cause::http_not_websocket);
}

TEST(upgrade, bounds_one_endless_line) {
  upgrade handshake(server(), {}, nonce, false);
  bool over = handshake.feed("HTTP/1.1 101 ");
  int kilobytes = 0;
  while (!over && kilobytes < 1000) {
    over = handshake.feed(std::string(1024, 'x'));
    ++kilobytes;
  }
  EXPECT_TRUE(over);
  EXPECT_LE(kilobytes, 17);
}

const failure lost{cause::connection_lost, "it broke"};

TEST(upgrade, says_when_the_peer_hung_up) {
  upgrade silent(server(), {}, nonce, false);
  silent.finish(lost);
  EXPECT_EQ(silent.result()->why, cause::connection_lost);
  EXPECT_EQ(silent.result()->text,
            "it broke, during the HTTP handshake; if the port speaks TLS, the URL should begin with https");
  upgrade cut(server(), {}, nonce, false);
  ASSERT_FALSE(cut.feed("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nsome"));
  cut.finish(lost);
  EXPECT_EQ(cut.result()->why, cause::http_4xx);
  EXPECT_THAT(cut.result()->text, HasSubstr("some"));
  upgrade begun(server(), {}, nonce, false);
  ASSERT_FALSE(begun.feed("HTTP/1.1 4"));
  begun.finish(lost);
  EXPECT_THAT(begun.result()->text, HasSubstr("cut, or cannot be read: it begins \"HTTP/1.1 4\""));
}

TEST(upgrade, leaves_another_failure_its_words) {
  const failure told{cause::tls_failure, "the server's alert"};
  upgrade alerted(server(), {}, nonce, false);
  alerted.finish(told);
  EXPECT_EQ(alerted.result(), told);
}

TEST(upgrade, knows_a_tls_port_by_its_alert) {
  upgrade alert(server(), {}, nonce, false);
  ASSERT_TRUE(alert.feed(std::string_view("\x15\x03\x01\x00\x02\x02\x16", 7)));
  EXPECT_EQ(alert.result()->why, cause::http_not_websocket);
  EXPECT_THAT(alert.result()->text, HasSubstr("speaks TLS"));
}

}  // namespace
}  // namespace roombridge::upstream
