// SPDX-License-Identifier: MIT
#include "daemon/config/url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/proxy.hpp"

namespace roombridge::config {
namespace {

std::string without_secrets(std::string_view text) {
  const auto scheme = text.find("://");
  const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::string out{text.substr(0, begin)};
  std::string_view rest = text.substr(begin);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    out += "…";
    rest.remove_prefix(at);
  }
  const auto query = rest.find_first_of("?#");
  out += rest.substr(0, query);
  if (query != std::string_view::npos) out.append(1, rest[query]).append("…");
  return out;
}

// `rule`, whose refusals show what may be seen of the URL.
text_result presentable(std::string_view text, text_result (*rule)(std::string_view)) {
  text_result result = rule(text);
  if (auto* wrong = std::get_if<problem>(&result)) wrong->instead = without_secrets(text);
  return result;
}

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

text_result check_server_url(std::string_view text) {
  const auto result = boost::urls::parse_uri(text);
  if (result.has_error()) return problem{"not a URL, such as https://api.example.com or http://localhost:3001"};
  const boost::urls::url_view url = result.value();
  if (url.has_userinfo())
    return problem{"a user or password in the URL would reach logs; the token has its own key, upstream.token"};
  if (!is_known_scheme(to_lower(std::string_view(url.scheme()))))
    return problem{"the URL must begin with http://, https://, ws:// or wss://"};
  if (!is_usable_host(url)) return problem{"the URL names no host, or one that cannot be"};
  if (url.has_port() && !is_possible_port(url.port())) return problem{"the URL's port must be 1 to 65535"};
  const std::string_view path = url.encoded_path();
  if ((!path.empty() && path != "/") || url.has_query() || url.has_fragment()) {
    return problem{"the URL must end after host and port; the path has its own key, upstream.path"};
  }
  // Scheme and host mean the same in either case (RFC 3986 section 3.1): written otherwise it is no other server.
  return to_lower(text);
}

text_result check_proxy_url(std::string_view text) {
  using upstream::proxy_options;
  if (text == proxy_options::none || text == proxy_options::environment) return std::string(text);
  const auto result = upstream::parse_proxy(text);
  if (const auto* why = std::get_if<std::string>(&result))
    return problem{"expected none, environment, or the URL of a proxy: " + *why};
  const auto& proxy = std::get<upstream::proxy>(result);
  if (!proxy.user.empty() || !proxy.password.empty()) {
    return problem{
        "a user or password in the URL would reach logs; they have a file of their own, "
        "upstream.proxy.credentials_file"};
  }
  return std::string(text);
}

}  // namespace

text_result server_url(std::string_view text) {
  return presentable(text, check_server_url);
}

text_result proxy_url(std::string_view text) {
  return presentable(text, check_proxy_url);
}

}  // namespace roombridge::config
