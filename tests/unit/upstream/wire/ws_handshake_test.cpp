// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_handshake.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

// RFC 6455 section 1.3 has this pair.
TEST(ws_handshake, accepts_the_example_of_the_rfc) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(ws_handshake, makes_a_key_of_16_random_bytes) {
  std::array<std::byte, 16> random{};
  EXPECT_EQ(websocket_key(random), "AAAAAAAAAAAAAAAAAAAAAA==");
  constexpr std::string_view nonce = "the sample nonce";
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::byte>(nonce[i]);
  EXPECT_EQ(websocket_key(random), "dGhlIHNhbXBsZSBub25jZQ==");
}

// An Engine.IO 4 server refuses an older client with 101 and then HTTP where frames should be.
TEST(ws_handshake, finds_http_where_frames_should_be) {
  EXPECT_EQ(http_status_line("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(http_status_line("HTTP/1.1 400"), "HTTP/1.1 400");
  EXPECT_EQ(http_status_line("\x81\x05Hello"), "");
  EXPECT_EQ(http_status_line(""), "");
}

TEST(ws_handshake, shows_only_a_bounded_printable_line) {
  EXPECT_EQ(http_status_line("HTTP/1.1 400 \x1b[31m\xff\r\n"), "HTTP/1.1 400 \\u001b[31m\\xff");
  EXPECT_EQ(http_status_line("HTTP/1.1 400 " + std::string(1000, 'x')).size(), 100u);
}

}  // namespace
}  // namespace roombridge::upstream
