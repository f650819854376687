// SPDX-License-Identifier: MIT
#include "daemon/upstream/jwt.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// Base64url as RFC 4648 section 5 has it, to write tokens with.
std::string encode(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out += alphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 63];
  return out;
}

std::string token(std::string_view claims) {
  return encode(R"({"alg":"HS256","typ":"JWT"})") + '.' + encode(claims) + ".c2lnbmF0dXJl";
}

TEST(jwt, gives_its_claims) {
  EXPECT_EQ(jwt_claims(token(R"({"sub":"1","exp":2})")), R"({"sub":"1","exp":2})");
  for (const std::string_view text : {"", "a", "ab", "abc", "\xff\xfe?>", "\xec\x98\x88"}) {
    EXPECT_EQ(jwt_claims(token(text)), text);
  }
  // RFC 7519 section 3.1.
  EXPECT_EQ(jwt_claims("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                       "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

TEST(jwt, is_nothing_that_only_looks_like_one) {
  for (const std::string_view text : {"", "opaque", "a.b", "a.b.c.d", "a.+/+/.c", "a.abcd=.c", "a.b c.d", "a.abcde.c"}) {
    EXPECT_FALSE(jwt_claims(text)) << text;
    EXPECT_FALSE(jwt_expiry(text)) << text;
  }
}

TEST(jwt, tells_when_it_expires) {
  EXPECT_EQ(jwt_expiry(token(R"({"exp":1300819380})")), sys_seconds(seconds(1'300'819'380)));
  EXPECT_EQ(jwt_expiry(token(R"({"a":{"exp":1}, "exp" : 1.5e9 })")), sys_seconds(seconds(1'500'000'000)));
  EXPECT_EQ(jwt_expiry(token(R"({"exp":0})")), sys_seconds());
}

TEST(jwt, has_no_expiry_that_cannot_be_one) {
  for (const std::string_view claims :
       {"{}", "[]", "7", "", "{\"exp\":", R"({"exp":"1300819380"})", R"({"exp":null})", R"({"exp":-1})",
        R"({"exp":1e300})", R"({"exp":1300819380000})", R"({"exp":{"exp":1}})", R"({"expires":1})"}) {
    EXPECT_FALSE(jwt_expiry(token(claims))) << claims;
  }
}

}  // namespace
}  // namespace roombridge::upstream
