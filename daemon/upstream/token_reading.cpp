// SPDX-License-Identifier: MIT
#include "daemon/upstream/token_reading.hpp"

#include <openssl/sha.h>

#include <array>

namespace roombridge::upstream {

std::string token_digest(std::string_view token) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  std::string out;
  for (const unsigned byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace roombridge::upstream
