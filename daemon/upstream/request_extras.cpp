// SPDX-License-Identifier: MIT
#include "daemon/upstream/request_extras.hpp"

#include <algorithm>

#include "daemon/upstream/json_text.hpp"

namespace roombridge::upstream {
namespace {

// RFC 3986 section 2.3.
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// So much of a token's beginning tells nothing yet: "eyJhbGciOi" is that of most.
constexpr std::size_t harmless = 10;

// A shorter one may be part of any word, and is hidden only where it is a whole one: a line without its "t"s helps
// nobody.
constexpr std::size_t shortest_everywhere = 8;

bool is_of_a_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '\'' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// Where the secret, or the beginning of a long one, stands next in the text.
std::size_t find(std::string_view text, std::string_view secret) {
  if (secret.size() >= shortest_everywhere) return text.find(secret.substr(0, harmless + 1));
  for (auto at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1)) {
    const auto end = at + secret.size();
    if ((at == 0 || !is_of_a_word(text[at - 1])) && (end == text.size() || !is_of_a_word(text[end]))) return at;
  }
  return std::string_view::npos;
}

// In one pass: a megabyte of tokens must not take long.
std::string hide(std::string_view text, std::string_view secret) {
  std::string out;
  for (;;) {
    const auto at = find(text, secret);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at);
    const auto rest = std::mismatch(text.begin(), text.end(), secret.begin(), secret.end()).first;
    text.remove_prefix(static_cast<std::size_t>(rest - text.begin()));
    out += "[token]";
  }
}

}  // namespace

bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

std::string header_lines(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out.append(name).append(": ").append(value).append("\r\n");
  return out;
}

std::string query_text(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    out.append(1, '&').append(percent_encoded(name)).append(1, '=').append(percent_encoded(value));
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string without_token(std::string_view text, std::string_view token) {
  if (token.empty()) return std::string(text);
  std::string hidden = hide(text, token);
  const std::string quoted = json_string(token);
  for (const std::string& written : {percent_encoded(token), quoted.substr(1, quoted.size() - 2)}) {
    if (written != token) hidden = hide(hidden, written);
  }
  return hidden;
}

}  // namespace roombridge::upstream
