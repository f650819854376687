// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/offset.hpp"

#include <algorithm>
#include <cassert>

namespace roombridge::upstream {
namespace {

constexpr std::string_view white = " \t\r\n";
constexpr std::string_view digits = "0123456789";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_base64(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '_';
}

bool is_token(char c) {
  return is_base64(c) || c == '.' || c == ':' || c == '+' || c == '/' || c == '=';
}

bool only(std::string_view text, bool (*allowed)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

bool is_yeast(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view time = text.substr(0, dot);
  if ((time.size() != 7 && time.size() != 8) || !only(time, is_base64)) return false;
  return dot == text.npos || (text.size() - dot <= 7 && only(text.substr(dot + 1), is_base64));
}

bool is_stream(std::string_view text) {
  const std::size_t dash = text.find('-');
  return dash == 13 && only(text.substr(0, dash), digits) && only(text.substr(dash + 1), digits);
}

std::string_view trim_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(white) + 1);
}

// Up to and including the last argument's closing quote; empty when it is no string.
std::string_view up_to_quote(std::string_view data) {
  data = trim_right(data);
  if (!data.ends_with(']')) return {};
  data = trim_right(data.substr(0, data.size() - 1));
  return data.ends_with('"') ? data : std::string_view{};
}

}  // namespace

offset_shape shape_of(std::string_view text) {
  if (text.size() > offset_limit || !only(text, is_token)) return offset_shape::unseen;
  if (is_stream(text)) return offset_shape::stream;
  if (text.size() == 24 && only(text, "0123456789abcdef")) return offset_shape::object;
  return is_yeast(text) ? offset_shape::yeast : offset_shape::opaque;
}

// A token has no escapes, so the quote before it is either its opening one or an escaped one inside a longer string;
// before the latter stands a backslash, never a comma or white space.
std::string_view trailing_token(std::string_view data) {
  const std::string_view quoted = up_to_quote(data);
  if (quoted.empty()) return {};
  const std::string_view inside = quoted.substr(0, quoted.size() - 1);
  const std::size_t open = inside.rfind('"');
  if (open == inside.npos || !trim_right(inside.substr(0, open)).ends_with(',')) return {};
  const std::string_view token = inside.substr(open + 1);
  return shape_of(token) == offset_shape::unseen ? std::string_view{} : token;
}

std::string_view before_token(std::string_view data) {
  const std::string_view token = trailing_token(data);
  assert(!token.empty());
  const std::string_view head = data.substr(0, static_cast<std::size_t>(token.data() - data.data()) - 1);
  return head.substr(0, head.rfind(','));
}

}  // namespace roombridge::upstream
