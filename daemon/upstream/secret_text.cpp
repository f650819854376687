// SPDX-License-Identifier: MIT
#include "daemon/upstream/secret_text.hpp"

#include <algorithm>
#include <array>

#include "daemon/base/ascii.hpp"

namespace roombridge::upstream {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What comes along when somebody copies from a web page or a chat: U+00A0, U+200B to U+200D, U+2060, U+FEFF.
constexpr std::array<std::string_view, 6> invisible{"\xc2\xa0",     "\xe2\x80\x8b", "\xe2\x80\x8c",
                                                    "\xe2\x80\x8d", "\xe2\x81\xa0", byte_order_mark};

// What stands before a token in headers and in files of variables. Lower case.
constexpr std::array<std::string_view, 12> preambles{"bearer ",
                                                     "basic ",
                                                     "token ",
                                                     "jwt ",
                                                     "token=",
                                                     "token:",
                                                     "export ",
                                                     "access_token=",
                                                     "access_token:",
                                                     "authorization:",
                                                     "roombridge_token=",
                                                     "roombridge_token:"};

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool stands_in_quotes(std::string_view text) {
  return text.size() > 1 && text.front() == text.back() &&
         std::string_view("\"'`").find(text.front()) != std::string_view::npos;
}

}  // namespace

std::string_view without_additions(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text.substr(0, text.find_last_not_of("\r\n") + 1);
}

std::string secret_fault(std::string_view secret) {
  if (secret.starts_with("\xff\xfe") || secret.starts_with("\xfe\xff"))
    return "is UTF-16, which some editors call Unicode: save it as UTF-8";
  if (secret.find_first_of("\r\n") != std::string_view::npos)
    return "has more than one line: leave only the one that counts";
  if (std::any_of(secret.begin(), secret.end(), is_control)) return "holds a control character, or a NUL byte";
  const bool hidden = std::any_of(invisible.begin(), invisible.end(),
                                  [&](auto one) { return secret.find(one) != std::string_view::npos; });
  if (hidden) return "holds an invisible character (a no-break or zero-width space): type it, or copy it as plain text";
  if (stands_in_quotes(secret)) return "stands in quotes: take them off";
  return {};
}

std::string token_fault(std::string_view token) {
  if (std::string fault = secret_fault(token); !fault.empty()) return fault;
  const std::string begin = to_lower(token.substr(0, 32));
  const auto found = std::find_if(preambles.begin(), preambles.end(),
                                  [&](auto one) { return std::string_view(begin).starts_with(one); });
  if (found != preambles.end()) {
    return "begins with \"" + std::string(token.substr(0, found->size())) +
           "\": only the token itself belongs there; what is sent around it, auth.headers, auth.payload or auth.query "
           "says";
  }
  if (token.starts_with('{') && token.ends_with('}'))
    return "is a JSON document: only the token itself belongs there (say, what `jq -r .access_token` prints)";
  if (token.starts_with('<') && token.ends_with('>')) return "is a web page, not a token";
  return {};
}

}  // namespace roombridge::upstream
