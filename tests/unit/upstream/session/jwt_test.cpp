// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/jwt.hpp"

#include <gtest/gtest.h>

#include "tests/unit/upstream/session/jwt_text.hpp"

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

using test::jwt;

TEST(jwt_text, gives_its_claims) {
  EXPECT_EQ(jwt_claims(jwt(R"({"sub":"1","exp":2})")), R"({"sub":"1","exp":2})");
  for (const std::string_view text : {"", "a", "ab", "abc", "\xff\xfe?>", "\xec\x98\x88"}) {
    EXPECT_EQ(jwt_claims(jwt(text)), text);
  }
  // RFC 7519 section 3.1.
  EXPECT_EQ(jwt_claims("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                       "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

TEST(jwt_text, is_nothing_that_only_looks_like_one) {
  for (const std::string_view text :
       {"", "opaque", "a.b", "a.b.c.d", "a.+/+/.c", "a.abcd=.c", "a.b c.d", "a.abcde.c"}) {
    EXPECT_FALSE(jwt_claims(text)) << text;
    EXPECT_FALSE(jwt_expiry(text)) << text;
  }
}

TEST(jwt_text, tells_when_it_expires) {
  EXPECT_EQ(jwt_expiry(jwt(R"({"exp":1300819380})")), sys_seconds(seconds(1'300'819'380)));
  EXPECT_EQ(jwt_expiry(jwt(R"({"a":{"exp":1}, "exp" : 1.5e9 })")), sys_seconds(seconds(1'500'000'000)));
  EXPECT_EQ(jwt_expiry(jwt(R"({"exp":0})")), sys_seconds());
}

TEST(jwt_text, shows_times) {
  EXPECT_EQ(in_utc(sys_seconds(seconds(1'300'819'380))), "2011-03-22 18:43:00 UTC");
  EXPECT_EQ(in_utc(sys_seconds()), "1970-01-01 00:00:00 UTC");
}

TEST(jwt_text, has_no_expiry_that_cannot_be_one) {
  for (const std::string_view claims :
       {"{}", "[]", "7", "", "{\"exp\":", R"({"exp":"1300819380"})", R"({"exp":null})", R"({"exp":-1})",
        R"({"exp":1e300})", R"({"exp":1300819380000})", R"({"exp":{"exp":1}})", R"({"expires":1})"}) {
    EXPECT_FALSE(jwt_expiry(jwt(claims))) << claims;
  }
}

}  // namespace
}  // namespace roombridge::upstream
