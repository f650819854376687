// SPDX-License-Identifier: MIT
#include "daemon/config/url.hpp"

#include <string>
#include <variant>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/proxy.hpp"
#include "daemon/upstream/server_address.hpp"

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

text_result check_server_url(std::string_view text) {
  const auto result = upstream::parse_server(text);
  if (const auto* why = std::get_if<std::string>(&result)) return problem{*why};
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
