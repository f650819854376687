// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

endpoint good(std::string_view url, std::string_view path = "/socket.io/") {
  auto made = make_endpoint(url, path);
  if (const auto* why = std::get_if<failure>(&made)) {
    ADD_FAILURE() << url << ": " << why->text;
    return {};
  }
  return std::get<endpoint>(made);
}

failure bad(std::string_view url, std::string_view path = "/socket.io/") {
  auto made = make_endpoint(url, path);
  if (const auto* why = std::get_if<failure>(&made)) return *why;
  ADD_FAILURE() << url << " was taken";
  return {};
}

TEST(endpoint, takes_the_four_schemes) {
  const endpoint plain = good("http://localhost:3001");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.port, "3001");
  EXPECT_EQ(plain.host_header, "localhost:3001");
  EXPECT_EQ(plain.path, "/socket.io/");
  EXPECT_EQ(plain.name, "http://localhost:3001");
  EXPECT_FALSE(plain.is_address);
  EXPECT_FALSE(good("ws://localhost").tls);
  EXPECT_TRUE(good("wss://localhost").tls);
  EXPECT_TRUE(good("HTTPS://localhost").tls);
  EXPECT_EQ(good("Http://localhost").name, "http://localhost:80");
  const endpoint tls = good("https://api.example.com/");
  EXPECT_TRUE(tls.tls);
  EXPECT_EQ(tls.port, "443");
  EXPECT_EQ(tls.host_header, "api.example.com");
}

TEST(endpoint, knows_addresses) {
  const endpoint six = good("https://[::1]:8443");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.host_header, "[::1]:8443");
  EXPECT_TRUE(six.is_address);
  EXPECT_TRUE(good("http://127.0.0.1").is_address);
}

TEST(endpoint, refuses_in_words) {
  EXPECT_THAT(bad("ftp://host").text, HasSubstr("http://, https://, ws:// or wss://"));
  EXPECT_THAT(bad("http://").text, HasSubstr("no host"));
  EXPECT_THAT(bad("nonsense").text, HasSubstr("not a URL"));
  EXPECT_THAT(bad("http://host/chat").text, HasSubstr("path has its own key"));
  EXPECT_THAT(bad("http://host?token=x").text, HasSubstr("must end after host and port"));
  EXPECT_THAT(bad("http://host:99999").text, HasSubstr("port"));
  EXPECT_THAT(bad("http://host", "/a b").text, HasSubstr("path"));
  EXPECT_THAT(bad("http://host", "/a\r\nX: y").text, HasSubstr("path"));
  EXPECT_EQ(bad("ftp://host").why, cause::bad_url);
}

TEST(endpoint, never_repeats_a_password) {
  EXPECT_THAT(bad("https://me:secret@host").text, Not(HasSubstr("secret")));
  EXPECT_THAT(bad("https://me:secret@ho st").text, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace roombridge::upstream
