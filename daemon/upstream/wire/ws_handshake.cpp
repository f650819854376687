// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_handshake.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <roombridge/proto/printable.hpp>
#include <span>

#include "daemon/upstream/wire/base64.hpp"

namespace roombridge::upstream {
namespace {

std::string base64(std::span<const unsigned char> bytes) {
  std::string text;
  append_base64(text, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return text;
}

}  // namespace

std::string websocket_key(const std::array<std::byte, 16>& random) {
  return base64({reinterpret_cast<const unsigned char*>(random.data()), random.size()});
}

std::string websocket_accept(std::string_view key) {
  // RFC 6455 section 1.3: the same for every connection.
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string text = std::string{key}.append(guid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest);
}

std::string http_status_line(std::string_view first_bytes) {
  constexpr std::size_t longest = 100;
  if (!first_bytes.starts_with("HTTP/")) return {};
  const std::string_view line = first_bytes.substr(0, std::min(first_bytes.find_first_of("\r\n"), longest));
  return proto::printable(line);
}

}  // namespace roombridge::upstream
