// SPDX-License-Identifier: MIT
#include "daemon/upstream/server_address.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

server_address good(std::string_view url) {
  auto result = parse_server(url);
  if (const auto* why = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << url << ": " << *why;
    return {};
  }
  return std::get<server_address>(std::move(result));
}

TEST(server_address, is_scheme_host_and_port) {
  const server_address plain = good("http://localhost:3001");
  EXPECT_EQ(plain.scheme, "http");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.written, "localhost");
  EXPECT_EQ(plain.port, "3001");
  EXPECT_FALSE(plain.is_address);
  EXPECT_EQ(good("WSS://a/").scheme, "wss");
}

TEST(server_address, has_the_port_of_its_scheme) {
  EXPECT_EQ(good("http://a").port, "80");
  EXPECT_EQ(good("ws://a").port, "80");
  EXPECT_EQ(good("https://a").port, "443");
  EXPECT_EQ(good("wss://a").port, "443");
}

TEST(server_address, knows_addresses) {
  const server_address six = good("https://[::1]:8443");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.written, "[::1]");
  EXPECT_TRUE(six.is_address);
  EXPECT_TRUE(good("http://127.0.0.1").is_address);
}

TEST(server_address, is_refused_without_a_word_of_the_url) {
  for (const char* url : {"https://me:secret@host", "https://secret@host", "https://me:secret@ho st", "secret://host",
                          "http://host/secret", "http://host?secret", "http://host:secret", "http://secret;x"}) {
    const auto result = parse_server(url);
    const auto* why = std::get_if<std::string>(&result);
    ASSERT_NE(why, nullptr) << url;
    EXPECT_EQ(why->find("secret"), std::string::npos) << *why;
  }
}

TEST(server_address, a_path_can_stand_in_a_request) {
  for (const char* path : {"", "/", "/socket.io/", "/a%20b"}) EXPECT_TRUE(is_request_path(path)) << path;
  for (const char* path : {"/a b", "/a?b", "/a#b", "/예약", "/a\r\nX: y", "/\x7f"})
    EXPECT_FALSE(is_request_path(path)) << path;
}

}  // namespace
}  // namespace roombridge::upstream
