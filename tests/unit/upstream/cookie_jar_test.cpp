// SPDX-License-Identifier: MIT
#include "daemon/upstream/cookie_jar.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roombridge::upstream {
namespace {

TEST(cookie_jar, keeps_names_and_values_and_nothing_else) {
  cookie_jar jar;
  EXPECT_EQ(jar.header(), "");
  jar.take("io=abc; Path=/; HttpOnly; SameSite=Strict");
  jar.take(" AWSALB = x/y+z== ;Expires=Wed, 02 Dec 2026 10:00:00 GMT; Domain=elsewhere");
  jar.take("empty=");
  EXPECT_EQ(jar.header(), "io=abc; AWSALB=x/y+z==; empty=");
  jar.take("io=d e,f; path=/other");
  EXPECT_EQ(jar.header(), "io=d e,f; AWSALB=x/y+z==; empty=");
}

TEST(cookie_jar, takes_away_what_is_over) {
  cookie_jar jar;
  jar.take("a=1");
  jar.take("b=2");
  jar.take("a=; Path=/; max-AGE = 0");
  EXPECT_EQ(jar.header(), "b=2");
  jar.take("b=3; Max-Age=05");
  EXPECT_EQ(jar.header(), "b=3");
  jar.take("b=; Max-Age=-1");
  jar.take("never=seen; Max-Age=0");
  EXPECT_EQ(jar.header(), "");
}

TEST(cookie_jar, leaves_out_what_would_break_a_header) {
  cookie_jar jar;
  for (const std::string_view one : {"", ";", "=", "=value", "name", "a b=1", "a\tb=1", "a\"=1", "a=1\r\nX: y",
                                     "a=\x7f", "a=\xc3\xa4", "\xff=1", "a=1\n"}) {
    jar.take(one);
  }
  EXPECT_EQ(jar.header(), "");
}

TEST(cookie_jar, is_bounded) {
  cookie_jar many;
  for (int i = 0; i < 1000; ++i) many.take("c" + std::to_string(i) + "=1");
  const std::string header = many.header();
  EXPECT_EQ(std::count(header.begin(), header.end(), '='), static_cast<std::ptrdiff_t>(cookie_jar::max_cookies));
  cookie_jar large;
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
