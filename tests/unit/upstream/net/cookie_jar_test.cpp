// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/cookie_jar.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roombridge::upstream {
namespace {

endpoint at(std::string_view url, std::string_view path = "/app/socket.io/") {
  return std::get<endpoint>(make_endpoint(url, path));
}

// What is left of one Set-Cookie field there.
std::string kept(const endpoint& where, std::string_view set_cookie) {
  cookie_jar jar(where);
  jar.take(set_cookie);
  return jar.header();
}

TEST(cookie_jar, keeps_names_and_values_and_nothing_else) {
  cookie_jar jar(at("http://api.shop.example"));
  EXPECT_EQ(jar.header(), "");
  jar.take("io=abc; Path=/; HttpOnly; SameSite=Strict");
  jar.take(" AWSALB = x/y+z== ;Expires=Wed, 02 Dec 2026 10:00:00 GMT; Domain=shop.example");
  jar.take("empty=");
  EXPECT_EQ(jar.header(), "AWSALB=x/y+z==; empty=; io=abc");
  jar.take("io=d e,f; path=/");
  EXPECT_EQ(jar.header(), "AWSALB=x/y+z==; empty=; io=d e,f");
}

TEST(cookie_jar, takes_away_what_is_over) {
  cookie_jar jar(at("http://api.shop.example"));
  jar.take("a=1; Path=/");
  jar.take("b=2");
  jar.take("a=; Path=/; max-AGE = 0");
  EXPECT_EQ(jar.header(), "b=2");
  jar.take("b=3; Max-Age=05");
  EXPECT_EQ(jar.header(), "b=3");
  jar.take("b=; Max-Age=-1");
  jar.take("never=seen; Max-Age=0");
  EXPECT_EQ(jar.header(), "");
}

TEST(cookie_jar, keeps_a_secure_cookie_for_tls_only) {
  EXPECT_EQ(kept(at("http://h"), "a=1; Secure"), "");
  EXPECT_EQ(kept(at("https://h"), "a=1; SECURE; HttpOnly"), "a=1");
  EXPECT_EQ(kept(at("https://h"), "a=1; secure=yes"), "a=1");
}

TEST(cookie_jar, keeps_the_cookies_of_its_path) {
  const endpoint here = at("http://h");
  for (const char* path :
       {"/", "/app", "/app/", "/app/socket.io", "/app/socket.io/", "", "relative", "/other; Path=/app"})
    EXPECT_EQ(kept(here, "a=1; Path=" + std::string(path)), "a=1") << path;
  for (const char* path : {"/other", "/ap", "/app/socket", "/app/socket.io/deeper", "/APP", "/app; Path=/other"})
    EXPECT_EQ(kept(here, "a=1; Path=" + std::string(path)), "") << path;
}

TEST(cookie_jar, keeps_the_cookies_of_its_domain) {
  const endpoint here = at("http://api.Shop.example");
  for (const char* domain : {"api.shop.example", ".shop.example", "SHOP.example", "", "example"})
    EXPECT_EQ(kept(here, "a=1; Domain=" + std::string(domain)), "a=1") << domain;
  for (const char* domain : {"op.example", "other.example", "x.api.shop.example", "api.shop.example.", "."})
    EXPECT_EQ(kept(here, "a=1; Domain=" + std::string(domain)), "") << domain;
  EXPECT_EQ(kept(at("http://10.0.0.1"), "a=1; Domain=10.0.0.1"), "a=1");
  EXPECT_EQ(kept(at("http://10.0.0.1"), "a=1; Domain=0.0.1"), "") << "an address has no domains";
}

// RFC 6265 sections 5.3 and 5.4.
TEST(cookie_jar, tells_cookies_of_one_name_apart_by_path_and_domain) {
  cookie_jar jar(at("http://api.shop.example"));
  jar.take("a=root; Path=/");
  jar.take("b=root; Path=/");
  jar.take("a=deep; Path=/app");
  jar.take("a=wide; Path=/; Domain=shop.example");
  EXPECT_EQ(jar.header(), "a=deep; a=root; b=root; a=wide");
  jar.take("a=other; Path=/elsewhere; Max-Age=0");
  jar.take("a=new; Path=/; Domain=api.shop.example");
  EXPECT_EQ(jar.header(), "a=deep; a=new; b=root; a=wide");
  jar.take("a=; Path=/app; Max-Age=0");
  EXPECT_EQ(jar.header(), "a=new; b=root; a=wide");
}

TEST(cookie_jar, leaves_out_what_would_break_a_header) {
  cookie_jar jar(at("http://api.shop.example"));
  for (const std::string_view one : {"", ";", "=", "=value", "name", "a b=1", "a\tb=1", "a\"=1", "a=1\r\nX: y",
                                     "a=\x7f", "a=\xc3\xa4", "\xff=1", "a=1\n"}) {
    jar.take(one);
  }
  EXPECT_EQ(jar.header(), "");
}

TEST(cookie_jar, is_bounded) {
  cookie_jar many(at("http://api.shop.example"));
  for (int i = 0; i < 1000; ++i) many.take("c" + std::to_string(i) + "=1");
  const std::string header = many.header();
  EXPECT_EQ(std::count(header.begin(), header.end(), '='), static_cast<std::ptrdiff_t>(cookie_jar::max_cookies));
  cookie_jar large(at("http://api.shop.example"));
  const std::string half(cookie_jar::max_size / 2, 'x');
  large.take("a=" + half);
  large.take("b=" + half);
  EXPECT_EQ(large.header(), "a=" + half);
  large.take("a=" + half + half);
  EXPECT_EQ(large.header(), "a=" + half) << "replaced by more than fits";
  large.take("a=1");
  large.take("b=" + half);
  EXPECT_EQ(large.header(), "a=1; b=" + half);
}

}  // namespace
}  // namespace roombridge::upstream
