// SPDX-License-Identifier: MIT
#include "daemon/upstream/server_address.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "daemon/base/ascii.hpp"

namespace roombridge::upstream {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_usable_host(const boost::urls::url_view& url) {
  if (url.host_type() != boost::urls::host_type::name) return url.host_type() != boost::urls::host_type::none;
  const std::string_view host = url.encoded_host();
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

// Boost.URL's own port_number() takes some numbers that are too large.
bool is_possible_port(std::string_view digits) {
  std::uint16_t number = 0;
  const char* end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, number) == std::from_chars_result{end, std::errc{}} && number != 0;
}

bool is_known_scheme(std::string_view scheme) {
  constexpr std::string_view known[] = {"http", "https", "ws", "wss"};
  return std::find(std::begin(known), std::end(known), scheme) != std::end(known);
}

}  // namespace

std::variant<server_address, std::string> parse_server(std::string_view url) {
  const auto result = boost::urls::parse_uri(url);
  if (result.has_error()) return "not a URL, such as https://api.example.com or http://localhost:3001";
  const boost::urls::url_view view = result.value();
  if (view.has_userinfo())
    return "a user or password in the URL would reach logs; the token has its own key, upstream.token";
  server_address out;
  out.scheme = to_lower(std::string_view(view.scheme()));
  if (!is_known_scheme(out.scheme)) return "the URL must begin with http://, https://, ws:// or wss://";
  if (!is_usable_host(view)) return "the URL names no host, or one that cannot be";
  if (view.has_port() && !is_possible_port(view.port())) return "the URL's port must be 1 to 65535";
  const std::string_view path = view.encoded_path();
  if ((!path.empty() && path != "/") || view.has_query() || view.has_fragment())
    return "the URL must end after host and port; the path has its own key, upstream.path";
  out.tls = out.scheme == "https" || out.scheme == "wss";
  out.host = view.host_address();
  out.written = view.encoded_host();
  out.port = view.has_port() ? std::string_view(view.port()) : out.usual_port();
  out.is_address = view.host_type() != boost::urls::host_type::name;
  return out;
}

bool is_request_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#'; });
}

}  // namespace roombridge::upstream
