// SPDX-License-Identifier: MIT
#include "daemon/upstream/secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/upstream/wire/base64.hpp"

namespace roombridge::upstream {
namespace {

using kind = secrets::kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzIiwibm9uY2UiOiJ-Xy1hYmMifQ.c2lnbmF0dXJlLW9mLWl0LV8-fn5-";

struct holding : secrets {
  explicit holding(kind of, const std::vector<std::string>& texts, std::string_view open = {}) { set(of, texts, open); }
};

TEST(without_token, hides_it_however_it_is_written) {
  EXPECT_EQ(without_token("no x/y/z/u/v, no x%2Fy%2Fz%2Fu%2Fv: x/y/z/u/vx/y/z/u/v", "x/y/z/u/v"),
            "no [token], no [token]: [token][token]");
  EXPECT_EQ(without_token(R"(bad {"token":"x\"y\\zuvw"}, x%22y%5Czuvw)", "x\"y\\zuvw"),
            R"(bad {"token":"[token]"}, [token])");
  EXPECT_EQ(without_token("[token]", "token"), "[[token]]") << "and ends";
  EXPECT_EQ(without_token("as it was", ""), "as it was");
  EXPECT_EQ(without_token("bad abcdefghijklm", "abcdefghijklmnopq"), "bad [token]") << "cut within the token";
  EXPECT_EQ(without_token("bad abcdefghijklm... is", "abcdefghijklmnopq"), "bad [token]... is") << "by the server";
  EXPECT_EQ(without_token("bad abcdefghij", "abcdefghijklmnopq"), "bad abcdefghij") << "no more than its begin";
}

TEST(without_token, hides_a_short_one_only_where_it_is_a_word_of_its_own) {
  EXPECT_EQ(without_token("the connection was cut (it isn't the server's t)", "t"),
            "the connection was cut (it isn't the server's [token])");
  EXPECT_EQ(without_token(R"(t: "t", {"token":"t"}, Bearer t, /?a=t&b=tt)", "t"),
            R"([token]: "[token]", {"token":"[token]"}, Bearer [token], /?a=[token]&b=tt)");
  EXPECT_EQ(without_token("rejected 1234567; 12345678 is longer", "1234567"), "rejected [token]; 12345678 is longer");
  EXPECT_EQ(without_token("rejected x12345678y", "12345678"), "rejected x[token]y") << "no short one any more";
  EXPECT_EQ(without_token("no a/b, a%2Fb or a/bc", "a/b"), "no [token], [token] or a/bc");
}

TEST(secrets, the_parts_of_a_token_are_hidden_as_the_whole_is) {
  holding hidden(kind::token, {jwt});
  EXPECT_EQ(hidden.hide("bad signature c2lnbmF0dXJlLW9mLWl0LV8-fn5-!"), "bad signature [token]!");
  EXPECT_EQ(hidden.hide("payload eyJzdWIiOiIzIiwibm9uY2UiOiJ-Xy1hYmMifQ?"), "payload [token]?");
  EXPECT_EQ(hidden.hide("base64 eyJzdWIiOiIzIiwibm9uY2UiOiJ+Xy1hYmMifQ== of it"), "base64 [token]== of it");
  EXPECT_EQ(hidden.hide("cut eyJzdWIiOiIz..."), "cut [token]...");
  EXPECT_EQ(hidden.hide("cut eyJzdWIiOi..."), "cut eyJzdWIiOi...") << "no more than its begin";
  std::string encoded;
  append_base64(encoded, jwt);
  EXPECT_EQ(hidden.hide("encoded " + encoded), "encoded [token]");
  EXPECT_EQ(hidden.hide(jwt), "[token]");
  EXPECT_EQ(holding(kind::token, {"prod.shop.c2lnbmF0dXJlLW9mLWl0"}).hide("in shop prod"), "in shop prod")
      << "a short part is no secret";
}

TEST(secrets, a_text_that_was_replaced_stays_hidden) {
  holding hidden(kind::token, {jwt});
  hidden.set(kind::token, {"another-token"});
  EXPECT_EQ(hidden.hide("revoked: " + jwt + ", use another-token"), "revoked: [hidden], use [token]");
  EXPECT_EQ(hidden.hide("revoked: \"c2lnbmF0dXJlLW9mLWl0LV8-fn5-\""), "revoked: \"[hidden]\"");
  hidden.set(kind::token, {});
  EXPECT_EQ(hidden.hide("logged out: another-token"), "logged out: [hidden]");
  EXPECT_EQ(hidden.hide("another one"), "another one");
}

TEST(secrets, what_is_configured_is_hidden_but_not_what_everybody_sees) {
  const std::string open = "https://api.shop.example\n/socket.io/\nroombridged";
  const holding hidden(
      kind::settings,
      {"k3y-of-the-shop", "https://api.shop.example", "https://api.shop.example/app", "3", "roombridge"}, open);
  EXPECT_EQ(hidden.hide("no k3y-of-the-shop"), "no [hidden]");
  EXPECT_EQ(hidden.hide("no k3y-of-the-..."), "no [hidden]...") << "cut";
  EXPECT_EQ(hidden.hide("connecting to https://api.shop.example in 3 s by roombridged"),
            "connecting to https://api.shop.example in 3 s by roombridged");
  EXPECT_EQ(hidden.hide("no https://api.shop.example/app"), "no [hidden]");
}

TEST(secrets, each_kind_has_its_own) {
  holding hidden(kind::engine_session, {"sid-of-the-engine"});
  hidden.set(kind::socket_session, {"pid-of-the-session"});
  EXPECT_EQ(hidden.hide("sid-of-the-engine/pid-of-the-session"), "[hidden]/[hidden]");
  hidden.set(kind::engine_session, {"sid-of-the-second"});
  EXPECT_EQ(hidden.hide("x sid-of-the-second pid-of-the-session"), "x [hidden] [hidden]");
}

TEST(secrets, the_former_ones_are_bounded) {
  secrets hidden;
  for (std::size_t i = 0; i <= secrets::most_former; ++i)
    hidden.set(kind::engine_session, {std::to_string(1000 + i) + "-session-id"});
  hidden.set(kind::engine_session, {});
  EXPECT_EQ(hidden.hide("1001-session-id"), "[hidden]");
  EXPECT_EQ(hidden.hide("1000-session-id"), "1000-session-id");
}

TEST(secrets, a_long_text_of_them_takes_one_pass) {
  const std::string token(64 * 1024, 'a');
  holding hidden(kind::token, {token});
  EXPECT_EQ(hidden.hide(std::string(1 << 20, 'a')).size(), (std::size_t{1} << 4) * std::string_view("[token]").size());
}

TEST(secrets, the_pieces_of_a_value) {
  EXPECT_THAT(pieces_of("plain"), ElementsAre("plain"));
  EXPECT_THAT(pieces_of("Bearer abc"), ElementsAre("Bearer abc", "Bearer", "abc"));
  EXPECT_THAT(pieces_of("sid=abc; v=2"), ElementsAre("sid=abc; v=2", "sid", "abc", "v", "2"));
  EXPECT_THAT(pieces_of(""), ElementsAre(""));
}

TEST(without_announced, hides_what_headers_and_json_call_secret) {
  EXPECT_EQ(without_announced("Set-Cookie: sid=abc; path=/\r\nServer: x"), "Set-Cookie: [hidden]\r\nServer: x");
  EXPECT_EQ(without_announced("cookie=a=b; c\nX"), "cookie=[hidden]\nX");
  EXPECT_EQ(without_announced("{\"sid\":\"abc\",\"pid\": \"def\",\"n\":1}"),
            "{\"sid\":\"[hidden]\",\"pid\": \"[hidden]\",\"n\":1}");
  EXPECT_EQ(without_announced("GET /?sid=abc&x=1 HTTP/1.1"), "GET /?sid=[hidden]&x=1 HTTP/1.1");
  EXPECT_EQ(without_announced("Authorization: Bearer x"), "Authorization: [hidden]");
  EXPECT_EQ(without_announced("no cookies, my pid 7, rapid: yes, cookie"), "no cookies, my pid 7, rapid: yes, cookie");
  for (const char* end : {"sid", "sid\"", "sid:", "sid: \"", "sid ="}) EXPECT_EQ(without_announced(end), end);
}

}  // namespace
}  // namespace roombridge::upstream
