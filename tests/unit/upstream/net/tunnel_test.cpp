// SPDX-License-Identifier: MIT
// Both protocols, every answer at every split.
#include "daemon/upstream/net/tunnel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace roombridge::upstream {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

proxy http(std::string user = "", std::string password = "") {
  return {proxy::protocol::http, "p", "3128", "http://p:3128", std::move(user), std::move(password)};
}
proxy socks(std::string user = "", std::string password = "") {
  return {proxy::protocol::socks5, "p", "1080", "socks5://p:1080", std::move(user), std::move(password)};
}

// A whole talk: what was said, and how it ended.
struct talk {
  std::vector<std::string> said;
  bool over = false;
  std::optional<failure> result;
};

// The proxy gives its answers one after the other, in pieces of `step` bytes.
talk hold(const proxy& through, const std::vector<std::string>& answers, std::size_t step = std::string::npos,
          const std::string& host = "shop.example") {
  const auto way = make_tunnel(through, host, "443");
  talk out;
  out.said.push_back(way->take_output());
  for (const std::string& answer : answers) {
    for (std::size_t at = 0; at < answer.size() && !out.over; at += std::min(step, answer.size() - at))
      out.over = way->feed(std::string_view(answer).substr(at, step));
    if (std::string output = way->take_output(); !output.empty()) out.said.push_back(std::move(output));
  }
  out.result = way->result();
  return out;
}

// ---- HTTP

TEST(http_tunnel, asks_for_the_server) {
  EXPECT_THAT(
      hold(http(), {}).said,
      ElementsAre("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\nUser-Agent: roombridged\r\n\r\n"));
  EXPECT_THAT(hold(http(), {}, 1, "fd00::1").said.front(), testing::StartsWith("CONNECT [fd00::1]:443 HTTP/1.1\r\n"));
}

TEST(http_tunnel, does_not_tell_on_credentials_that_the_proxy_repeats) {
  for (const std::string answer :
       {"HTTP/1.1 407 no QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n", "Basic QWxhZGRpbjpvcGVuIHNlc2Ft"}) {
    const auto talk = hold(http("Aladdin", "open sesame"), {answer});
    ASSERT_TRUE(talk.result);
    EXPECT_THAT(talk.result->text, Not(HasSubstr("QWxhZ")));
  }
}

TEST(tunnel, does_not_tell_on_a_password_that_the_proxy_repeats) {
  for (const talk& out : {hold(http("till", "secret"), {"HTTP/1.1 407 not secret\r\n\r\n"}),
                          hold(http("till", "secret"), {"till:secret?"}), hold(socks("till", "secret"), {"secret"})}) {
    ASSERT_TRUE(out.result);
    EXPECT_THAT(out.result->text, Not(HasSubstr("secret")));
    EXPECT_THAT(out.result->text, HasSubstr("[token]"));
  }
}

TEST(http_tunnel, shows_its_credentials) {
  EXPECT_THAT(hold(http("Aladdin", "open sesame"), {}).said.front(),
              testing::EndsWith("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
}

TEST(http_tunnel, is_there_after_any_2xx) {
  for (const std::string& answer :
       {"HTTP/1.1 200 Connection established\r\n\r\n"s, "HTTP/1.0 200\r\nVia: x\r\n\r\n"s,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"s}) {
    for (std::size_t step = 1; step <= answer.size(); ++step) {
      const talk out = hold(http(), {answer}, step);
      EXPECT_TRUE(out.over) << answer << step;
      EXPECT_FALSE(out.result) << answer << step;
    }
  }
}

struct refusal {
  proxy through;
  std::vector<std::string> answers;
  cause why;
  std::string_view words;
};
class tunnel_refusals : public testing::TestWithParam<refusal> {};

TEST_P(tunnel_refusals, are_named_however_they_are_split) {
  std::size_t longest = 0;
  for (const std::string& answer : GetParam().answers) longest = std::max(longest, answer.size());
  for (std::size_t step = 1; step <= longest; ++step) {
    const talk out = hold(GetParam().through, GetParam().answers, step);
    ASSERT_TRUE(out.over) << step;
    ASSERT_TRUE(out.result) << step;
    EXPECT_EQ(out.result->why, GetParam().why) << out.result->text;
    EXPECT_THAT(out.result->text, testing::StartsWith("the proxy " + GetParam().through.name + ' '));
    EXPECT_THAT(out.result->text, Not(HasSubstr("secret")));
  }
  const talk whole = hold(GetParam().through, GetParam().answers);
  EXPECT_THAT(whole.result->text, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    http, tunnel_refusals,
    testing::Values(
        refusal{http(),
                {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"},
                cause::proxy_refused,
                "wants a user and a password, see upstream.proxy.credentials_file"},
        refusal{http("till", "secret"),
                {"HTTP/1.1 407 No\r\nproxy-authenticate: BASIC\r\n\r\n"},
                cause::proxy_refused,
                "refuses the user or the password"},
        refusal{http("till", "secret"),
                {"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n"},
                cause::proxy_refused,
                "takes no Basic credentials"},
        refusal{http(),
                {"HTTP/1.1 403 Filtered\r\nContent-Length: 3\r\n\r\nwhy"},
                cause::proxy_refused,
                "does not allow a tunnel to shop.example:443: HTTP/1.1 403 Filtered"},
        refusal{http(), {"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n"}, cause::proxy_refused, "302"},
        refusal{http(),
                {"HTTP/1.1 503 Service Unavailable\r\n\r\n"},
                cause::proxy_target_unreachable,
                "cannot reach shop.example:443"},
        refusal{http(), {"HTTP/1.1 2x0 OK\r\n\r\n"}, cause::proxy_failure, "2x0"},
        refusal{http(), {"SSH-2.0-OpenSSH_9.2\r\n"}, cause::proxy_failure, "not in HTTP"},
        refusal{http(), {"\5\1"}, cause::proxy_failure, "does it speak SOCKS"},
        refusal{http(), {"HTTP/1.1 200 " + std::string(20'000, 'x')}, cause::proxy_failure, "without end"}));

// ---- SOCKS

const std::string no_login = "\5\0"s;
const std::string password_login = "\5\2"s;
const std::string logged_in = "\1\0"s;
const std::string connected = "\5\0\0\1\x7f\0\0\1\x12\x34"s;

TEST(socks_tunnel, is_asked_for_by_name) {
  const talk out = hold(socks(), {no_login, connected});
  EXPECT_THAT(out.said, ElementsAre("\5\1\0"s, "\5\1\0\3\14shop.example\1\xbb"s));
  EXPECT_TRUE(out.over);
  EXPECT_FALSE(out.result);
}

TEST(socks_tunnel, is_asked_for_by_address) {
  EXPECT_EQ(hold(socks(), {no_login}, 9, "10.1.2.3").said.back(), "\5\1\0\1\12\1\2\3\1\xbb"s);
  EXPECT_EQ(hold(socks(), {no_login}, 9, "fd00::1").said.back(), "\5\1\0\4\xfd"s + std::string(14, '\0') + "\1\1\xbb"s);
}

TEST(socks_tunnel, logs_in_where_that_is_wanted) {
  EXPECT_THAT(hold(socks("till", "secret"), {password_login, logged_in, connected}).said,
              ElementsAre("\5\2\0\2"s, "\1\4till\6secret"s, "\5\1\0\3\14shop.example\1\xbb"s));
  EXPECT_THAT(hold(socks("till", "secret"), {no_login, connected}).said,
              ElementsAre("\5\2\0\2"s, "\5\1\0\3\14shop.example\1\xbb"s));
}

TEST(socks_tunnel, is_there_at_every_split) {
  const std::string six = "\5\0\0\4"s + std::string(18, 'x');
  const std::string name = "\5\0\0\3\7proxy.xyz"s;
  for (const std::string& reply : {connected, six, name}) {
    for (std::size_t step = 1; step <= reply.size(); ++step) {
      const talk out = hold(socks("till", "secret"), {password_login, logged_in, reply}, step);
      EXPECT_TRUE(out.over);
      EXPECT_FALSE(out.result) << step << out.result->text;
      EXPECT_FALSE(hold(socks(), {no_login, reply.substr(0, reply.size() - 1)}, step).over);
    }
  }
}

TEST(tunnel, is_not_there_when_more_came_than_the_answer) {
  for (const talk& out :
       {hold(http(), {"HTTP/1.1 200 OK\r\n\r\nearly"}), hold(socks(), {no_login, connected + "early"})}) {
    ASSERT_TRUE(out.result);
    EXPECT_EQ(out.result->why, cause::proxy_failure);
    EXPECT_THAT(out.result->text, HasSubstr("more than its answer"));
  }
}

TEST(tunnel, ends_when_a_proxy_goes_on_and_on) {
  const auto way = make_tunnel(http(), "shop.example", "443");
  const std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  std::size_t fed = 0;
  for (bool over = false; !over && fed < 100'000; fed += interim.size()) over = way->feed(interim);
  ASSERT_TRUE(way->result());
  EXPECT_THAT(way->result()->text, HasSubstr("without end"));
  EXPECT_LE(fed, tunnel::max_answer + interim.size());
}

std::string reply(char code) {
  return "\5"s + code + "\0\1\0\0\0\0\0\0"s;
}

INSTANTIATE_TEST_SUITE_P(
    socks, tunnel_refusals,
    testing::Values(refusal{socks(), {"\5\xff"}, cause::proxy_refused, "wants a user and a password"},
                    refusal{socks("till", "secret"), {"\5\xff"}, cause::proxy_refused, "takes no user and password"},
                    refusal{socks(), {password_login}, cause::proxy_failure, "was not offered"},
                    refusal{socks("till", "secret"),
                            {password_login, "\1\1"},
                            cause::proxy_refused,
                            "refuses the user or the password"},
                    refusal{
                        socks(), {no_login, reply(1)}, cause::proxy_failure, "general failure for shop.example:443"},
                    refusal{socks(), {no_login, reply(2)}, cause::proxy_refused, "does not allow"},
                    refusal{socks(), {no_login, reply(3)}, cause::proxy_target_unreachable, "network"},
                    refusal{socks(), {no_login, reply(4)}, cause::proxy_target_unreachable, "host"},
                    refusal{socks(), {no_login, reply(5)}, cause::proxy_target_unreachable, "was refused a connection"},
                    refusal{socks(), {no_login, reply(6)}, cause::proxy_target_unreachable, "TTL"},
                    refusal{socks(), {no_login, reply(7)}, cause::proxy_refused, "no TCP"},
                    refusal{socks(), {no_login, reply(8)}, cause::proxy_refused, "kind of address"},
                    refusal{socks(), {no_login, reply(99)}, cause::proxy_failure, "(SOCKS reply 99)"},
                    refusal{socks(), {no_login, "\5\0\0\2xxxxxx"s}, cause::proxy_failure, "kind of address"},
                    refusal{socks(), {"HTTP/1.1 400 Bad Request\r\n"}, cause::proxy_failure, "does it speak HTTP"},
                    refusal{socks(), {no_login, "nonsense"}, cause::proxy_failure, "not in SOCKS 5"}));

}  // namespace
}  // namespace roombridge::upstream
