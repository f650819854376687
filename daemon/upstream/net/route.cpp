// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/route.hpp"

#include <array>
#include <cstdlib>
#include <span>

#include "daemon/base/secret_file.hpp"
#include "daemon/upstream/secret_text.hpp"

namespace roombridge::upstream {
namespace {

std::string request_path(const options& settings) {
  std::string path = settings.path;
  if (settings.add_trailing_slash && !path.ends_with('/')) path += '/';
  return path;
}

failure unusable(const std::string& what, const std::string& why) {
  return {cause::proxy_unusable, what + " cannot be used: " + why};
}

// Nothing: none is wanted.
using choice = std::variant<std::optional<proxy>, failure>;

// A URL may lack its scheme there: then it is http.
choice take(const char* name, const std::string& value) {
  const bool whole = value.find("://") != std::string::npos;
  auto parsed = parse_proxy(whole ? value : "http://" + value);
  if (const auto* why = std::get_if<std::string>(&parsed))
    return unusable("the proxy in the environment variable " + std::string(name), *why);
  return std::get<proxy>(std::move(parsed));
}

choice choose_by_environment(const endpoint& target, const environment& variables) {
  if (is_loopback(target.host)) return std::nullopt;
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    if (const auto list = variables(name); list && is_excepted(*list, target.host, target.port)) return std::nullopt;
  }
  constexpr std::array<const char*, 4> with_tls{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  constexpr std::array<const char*, 3> plain{"http_proxy", "all_proxy", "ALL_PROXY"};
  for (const char* name : target.tls ? std::span<const char* const>(with_tls) : std::span<const char* const>(plain)) {
    if (const auto value = variables(name); value && !value->empty()) return take(name, *value);
  }
  return std::nullopt;
}

choice choose(const proxy_options& options, const endpoint& target, const environment& variables) {
  if (options.url == proxy_options::none) return std::nullopt;
  if (options.url == proxy_options::environment) return choose_by_environment(target, variables);
  auto parsed = parse_proxy(options.url);
  if (const auto* why = std::get_if<std::string>(&parsed)) return unusable("the proxy of upstream.proxy.url", *why);
  return std::get<proxy>(std::move(parsed));
}

// "user:password"; those of the file count more than those of a URL.
std::optional<failure> read_credentials(const std::string& path, proxy& into, const file_opened& opened) {
  if (path.empty()) return std::nullopt;
  const std::string where = "the proxy's credentials file " + path;
  constexpr std::size_t most = 1024;
  const auto read = read_secret_file(path, where, most, opened);
  if (!read.text) return failure{cause::proxy_unusable, read.why};
  const std::string_view line = without_additions(*read.text);
  const auto colon = line.find(':');
  if (const std::string fault = secret_fault(line); !fault.empty()) return unusable(where, "it " + fault);
  const bool url = colon != std::string_view::npos && line.substr(colon).starts_with("://");
  if (colon == 0 || colon == std::string_view::npos || url || read.text->size() > most)
    return unusable(where, "it must hold user:password and nothing else");
  into.user = line.substr(0, colon);
  into.password = line.substr(colon + 1);
  return std::nullopt;
}

// RFC 1929 has one byte for each length.
std::optional<failure> check_lengths(const proxy& through, const endpoint& target) {
  constexpr std::size_t most = 255;
  if (through.speaks != proxy::protocol::socks5) return std::nullopt;
  if (through.user.size() <= most && through.password.size() <= most && target.host.size() <= most) return std::nullopt;
  return unusable("the proxy " + through.name, "SOCKS 5 has no room for a host, user or password above 255 bytes");
}

}  // namespace

std::variant<endpoint, failure> make_route(const options& settings, request_extras extras, const environment& variables,
                                           const file_opened& opened) {
  auto made = make_endpoint(settings.url, request_path(settings), std::move(extras));
  auto* target = std::get_if<endpoint>(&made);
  if (target == nullptr) return made;
  auto chosen = choose(settings.proxy, *target, variables);
  if (auto* failed = std::get_if<failure>(&chosen)) return std::move(*failed);
  auto& through = std::get<0>(chosen);
  if (!through) return made;
  if (auto failed = read_credentials(settings.proxy.credentials_file, *through, opened)) return *std::move(failed);
  if (auto failed = check_lengths(*through, *target)) return *std::move(failed);
  target->name += " through " + through->name;
  target->through = std::move(through);
  return made;
}

std::variant<endpoint, failure> make_route(const options& settings, request_extras extras, const file_opened& opened) {
  const auto variables = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  return make_route(settings, std::move(extras), variables, opened);
}

}  // namespace roombridge::upstream
