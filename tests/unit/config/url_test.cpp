// SPDX-License-Identifier: MIT
#include "daemon/config/url.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/outcome.hpp"

namespace roombridge::config {
namespace {

TEST(config_url, urls) {
  for (const char* text : {"http://localhost:3001", "https://api.example.com", "ws://10.0.0.1:1", "wss://[::1]:65535",
                           "https://a/", "http://booking_backend:80"})
    EXPECT_EQ(outcome(server_url, text), text);
  EXPECT_EQ(outcome(server_url, "HTTPS://API.Example.com"), "https://api.example.com") << "it is the same server";
  EXPECT_EQ(outcome(proxy_url, "HTTP://proxy:3128"), "HTTP://proxy:3128");
  for (const char* text : {"", "localhost:3001/x y", "http//x", "http://a b", "http://[::1", "예약"})
    EXPECT_EQ(outcome(server_url, text), "! not a URL, such as https://api.example.com or http://localhost:3001")
        << text;
  for (const char* text : {"ftp://host", "localhost:3001", "unix:/run/x"})
    EXPECT_EQ(outcome(server_url, text), "! the URL must begin with http://, https://, ws:// or wss://") << text;
  for (const char* text : {"https://user:secret@host", "https://secret@host", "https://@host"}) {
    EXPECT_EQ(outcome(server_url, text),
              "! a user or password in the URL would reach logs; the token has its own key, upstream.token");
  }
  for (const char* text : {"http://", "http://:80", "http:host", "http:///x", "http://a%0d%0ab", "http://a;b"})
    EXPECT_EQ(outcome(server_url, text), "! the URL names no host, or one that cannot be") << text;
  for (const char* text : {"http://h:0", "http://h:65536", "http://h:99999", "http://h:100000", "http://h:"})
    EXPECT_EQ(outcome(server_url, text), "! the URL's port must be 1 to 65535") << text;
  for (const char* text : {"http://h/socket.io", "http://h?a=b", "http://h#x", "http://h/?"}) {
    EXPECT_EQ(outcome(server_url, text),
              "! the URL must end after host and port; the path has its own key, upstream.path");
  }
}

TEST(config_url, a_url_is_shown_without_user_password_and_query) {
  const auto shown = [](text_result (*rule)(std::string_view), std::string_view text) {
    const text_result result = rule(text);
    const problem* wrong = std::get_if<problem>(&result);
    return wrong == nullptr ? std::string() : wrong->instead;
  };
  EXPECT_EQ(shown(server_url, "htp://host:1/path"), "htp://host:1/path");
  EXPECT_EQ(shown(server_url, "https://user:secret@host"), "https://…@host");
  EXPECT_EQ(shown(server_url, "https://user:se?c@r/et@host/x"), "https://…@host/x");
  EXPECT_EQ(shown(server_url, "user:secret@host"), "…@host");
  EXPECT_EQ(shown(server_url, "http://h?token=secret"), "http://h?…");
  EXPECT_EQ(shown(server_url, "http://h/#secret"), "http://h/#…");
  EXPECT_EQ(shown(proxy_url, "http://user:secret@h:1"), "http://…@h:1");
}

TEST(config_url, proxies) {
  for (const char* text : {"none", "environment", "http://proxy.example:3128", "socks5://[::1]:1080"})
    EXPECT_EQ(outcome(proxy_url, text), text);
  EXPECT_EQ(outcome(proxy_url, "https://proxy.example:3128"),
            "! expected none, environment, or the URL of a proxy: the URL of a proxy must begin with http:// or "
            "socks5://; it "
            "is not spoken to in TLS");
  for (const char* text : {"http://user:secret@h:1", "http://secret@h:1", "socks5://:secret@h:1"}) {
    EXPECT_EQ(outcome(proxy_url, text),
              "! a user or password in the URL would reach logs; they have a file of their own, "
              "upstream.proxy.credentials_file");
  }
}

}  // namespace
}  // namespace roombridge::config
