// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/base64.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <climits>

namespace roombridge::upstream {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const unsigned char* data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  assert(bytes.size() <= (1u << 30));
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()) + 1);  // OpenSSL writes a terminator
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + before), data(bytes), static_cast<int>(bytes.size()));
  out.pop_back();
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > INT_MAX) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  // OpenSSL skips white space, and takes padding in the middle.
  if (text.substr(0, text.size() - padding).find_first_not_of(alphabet) != std::string_view::npos) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), data(text), static_cast<int>(text.size()));
  out.resize(out.size() - padding);
  return out;
}

}  // namespace roombridge::upstream
