// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/redirect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string from(std::string_view url, std::string_view location) {
  return explain_redirect(location, std::get<endpoint>(make_endpoint(url, "/socket.io/")));
}

TEST(redirect, is_shown_as_the_lines_that_follow_it) {
  const std::string set = "; to follow it, set ";
  EXPECT_EQ(from("http://shop.example", "https://shop.example/socket.io/?EIO=4&transport=websocket"),
            set + "upstream.url: https://shop.example");
  EXPECT_EQ(from("https://shop.example", "https://www.shop.example:8443/app/socket.io/?token=secret"),
            set + "upstream.url: https://www.shop.example:8443 and upstream.path: /app/socket.io/");
  EXPECT_EQ(from("https://shop.example", "/v2/socket.io/"), set + "upstream.path: /v2/socket.io/");
  EXPECT_EQ(from("wss://shop.example", "//eu.shop.example/socket.io/"), set + "upstream.url: https://eu.shop.example");
  EXPECT_EQ(from("http://[::1]:3000", "HTTPS://[::2]:3000/socket.io/"), set + "upstream.url: https://[::2]:3000");
  EXPECT_EQ(from("http://shop.example", "../v2/socket.io/"), set + "upstream.path: /v2/socket.io/");
}

TEST(redirect, that_takes_the_slash_away_is_followed_by_the_key_that_adds_none) {
  EXPECT_EQ(from("http://shop.example", "/socket.io?EIO=4"),
            "; to follow it, set upstream.path: /socket.io and upstream.add_trailing_slash: false");
}

TEST(redirect, gives_lines_that_the_config_takes) {
  const std::string words = from("http://shop.example", "https://www.shop.example:8443/app/socket.io/?x=y#z");
  const auto url = words.find("https://");
  const auto path = words.find("/app");
  const auto made = make_endpoint(words.substr(url, words.find(' ', url) - url), words.substr(path));
  ASSERT_TRUE(std::holds_alternative<endpoint>(made)) << words;
  EXPECT_EQ(std::get<endpoint>(made).name, "https://www.shop.example:8443");
  EXPECT_EQ(std::get<endpoint>(made).path, "/app/socket.io/");
}

TEST(redirect, to_another_path_may_be_a_login_page) {
  EXPECT_THAT(from("http://shop.example", "http://portal.hotel.example/login?from=shop"),
              HasSubstr("login page (of the network?)"));
  EXPECT_THAT(from("http://shop.example", "http://portal.hotel.example/login?from=shop"),
              EndsWith("set upstream.url: http://portal.hotel.example and upstream.path: /login"));
}

TEST(redirect, that_leads_nowhere_is_shown_in_its_own_words_without_a_query) {
  EXPECT_EQ(from("http://h", "ftp://h/x?token=secret"), ", to \"ftp://h/x\"");
  EXPECT_EQ(from("http://h", "http://a:b@h/socket.io/"), ", to \"http://a:b@h/socket.io/\"");
  EXPECT_EQ(from("http://h", "http://h:99999/socket.io/"), ", to \"http://h:99999/socket.io/\"");
  EXPECT_EQ(from("http://h", "not a url"), ", to \"not a url\"");
  EXPECT_EQ(from("http://h", "http://h:80/socket.io/?EIO=4"), ", to the place that was asked");
  EXPECT_EQ(from("http://h", "?EIO=4"), ", to the place that was asked");
}

}  // namespace
}  // namespace roombridge::upstream
