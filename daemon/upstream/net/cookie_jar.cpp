// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/cookie_jar.hpp"

#include <algorithm>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/wire/engineio.hpp"

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

// RFC 6265 section 5.1.4.
std::string default_path(std::string_view request) {
  const auto last = request.rfind('/');
  return last == 0 || last == std::string_view::npos ? "/" : std::string(request.substr(0, last));
}

bool path_matches(std::string_view request, std::string_view path) {
  if (!request.starts_with(path)) return false;
  return request.size() == path.size() || path.ends_with('/') || request[path.size()] == '/';
}

}  // namespace

// Of two of one name the last one counts, as in section 5.3.
struct cookie_jar::attributes {
  attributes(std::string_view text, std::string_view request_host, std::string_view request_path)
      : domain(request_host), path(default_path(request_path)) {
    while (!text.empty()) {
      std::string_view value = take_until(text, ';');
      const std::string name = to_lower(take_until(value, '='));
      value = trimmed(value);
      if (name == "secure") secure = true;
      if (name == "path") path = value.starts_with('/') ? std::string(value) : default_path(request_path);
      if (name == "domain" && !value.empty()) domain = to_lower(value.substr(value.starts_with('.') ? 1 : 0));
      if (name == "max-age") over = value.starts_with('-') || value == "0";
    }
  }

  bool secure = false;
  bool over = false;  // the cookie's life ends at once
  std::string domain;
  std::string path;
};

cookie_jar::cookie_jar(const endpoint& where)
    : tls_(where.tls), is_address_(where.is_address), host_(to_lower(where.host)) {
  const std::string target = engineio::target(where.path, "");
  path_ = target.substr(0, target.find('?'));
}

bool cookie_jar::is_sent_here(const attributes& of) const {
  const bool below = !is_address_ && host_.ends_with('.' + of.domain);
  return (tls_ || !of.secure) && (host_ == of.domain || below) && path_matches(path_, of.path);
}

void cookie_jar::take(std::string_view set_cookie) {
  std::string_view value = take_until(set_cookie, ';');
  if (value.find('=') == std::string_view::npos) return;
  const std::string_view name = take_until(value, '=');
  value = trimmed(value);
  if (!is_token(name) || !is_printable(value)) return;
  const attributes has(set_cookie, host_, path_);
  if (!is_sent_here(has)) return;

  const auto known = std::find_if(cookies_.begin(), cookies_.end(), [&](const cookie& one) {
    return one.name == name && one.domain == has.domain && one.path == has.path;
  });
  if (has.over) {
    if (known != cookies_.end()) cookies_.erase(known);
    return;
  }
  std::size_t others = 0;
  for (const cookie& one : cookies_) others += one.size();
  if (known != cookies_.end()) others -= known->size();
  if (others + name.size() + value.size() > max_size) return;
  if (known != cookies_.end()) {
    known->value = value;
  } else if (cookies_.size() < max_cookies) {
    const auto shorter = std::find_if(cookies_.begin(), cookies_.end(),
                                      [&](const cookie& one) { return one.path.size() < has.path.size(); });
    cookies_.insert(shorter, {std::string(name), has.domain, has.path, std::string(value)});
  }
}

std::string cookie_jar::header() const {
  std::string out;
  for (const cookie& one : cookies_) {
    if (!out.empty()) out += "; ";
    out.append(one.name).append("=").append(one.value);
  }
  return out;
}

}  // namespace roombridge::upstream
