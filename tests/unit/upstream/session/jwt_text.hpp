// SPDX-License-Identifier: MIT
// Tokens for tests, written by an encoder of their own.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace roombridge::upstream::test {

// RFC 4648 section 5, without padding.
inline std::string base64url(std::string_view text) {
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

inline std::string jwt(std::string_view claims) {
  return base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' + base64url(claims) + ".c2lnbmF0dXJl";
}

inline std::string jwt_until(std::chrono::sys_seconds expires) {
  return jwt("{\"exp\":" + std::to_string(expires.time_since_epoch().count()) + '}');
}

}  // namespace roombridge::upstream::test
