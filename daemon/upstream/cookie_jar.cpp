// SPDX-License-Identifier: MIT
#include "daemon/upstream/cookie_jar.hpp"

#include <algorithm>

#include "daemon/base/ascii.hpp"

namespace roombridge::upstream {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The text up to the next `end`, which is taken off with it.
std::string_view take_until(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return trimmed(taken);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

// Whether the attributes end the cookie's life at once.
bool is_over(std::string_view attributes) {
  while (!attributes.empty()) {
    std::string_view value = take_until(attributes, ';');
    if (equal_ignoring_case(take_until(value, '='), "max-age") && (value.starts_with('-') || trimmed(value) == "0"))
      return true;
  }
  return false;
}

}  // namespace

void cookie_jar::take(std::string_view set_cookie) {
  std::string_view value = take_until(set_cookie, ';');
  if (value.find('=') == std::string_view::npos) return;
  const std::string_view name = take_until(value, '=');
  value = trimmed(value);
  if (!is_token(name) || !is_printable(value)) return;

  const auto same = [&](const auto& one) { return one.first == name; };
  const auto known = std::find_if(cookies_.begin(), cookies_.end(), same);
  if (is_over(set_cookie)) {
    if (known != cookies_.end()) cookies_.erase(known);
    return;
  }
  std::size_t others = 0;
  for (const auto& [n, v] : cookies_) others += n == name ? 0 : n.size() + v.size();
  if (others + name.size() + value.size() > max_size) return;
  if (known != cookies_.end()) {
    known->second = value;
  } else if (cookies_.size() < max_cookies) {
    cookies_.emplace_back(name, value);
  }
}

std::string cookie_jar::header() const {
  std::string out;
  for (const auto& [name, value] : cookies_) {
    if (!out.empty()) out += "; ";
    out.append(name).append("=").append(value);
  }
  return out;
}

}  // namespace roombridge::upstream
