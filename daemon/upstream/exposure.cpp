// SPDX-License-Identifier: MIT
#include "daemon/upstream/exposure.hpp"

#include <variant>

#include "daemon/upstream/proxy.hpp"
#include "daemon/upstream/server_address.hpp"

namespace roombridge::upstream {
namespace {

constexpr const char* harm = "the token and every event, and can pretend to be the server";

// Another machine that the config puts in between; empty: none.
std::string foreign_proxy(const proxy_options& options) {
  if (options.url == proxy_options::none || options.url == proxy_options::environment) return {};
  const auto parsed = parse_proxy(options.url);
  const auto* through = std::get_if<proxy>(&parsed);
  return through == nullptr || is_loopback(through->host) ? std::string{} : through->name;
}

}  // namespace

std::optional<exposure> find_exposure(const options& settings) {
  const auto parsed = parse_server(settings.url);
  const auto* server = std::get_if<server_address>(&parsed);
  if (server == nullptr) return std::nullopt;
  const bool tls = server->tls;
  const std::string name = server->scheme + "://" + server->written;
  const std::string between = foreign_proxy(settings.proxy);
  const bool local = is_loopback(server->host);
  if (local && between.empty()) return std::nullopt;
  if (!tls && local) {
    return exposure{"upstream.proxy.url",
                    name + " leaves this machine through " + between +
                        ", and is not encrypted: whoever is on the way reads " + harm,
                    "upstream.proxy.url: none, or https:// or wss:// in upstream.url"};
  }
  if (!tls) {
    return exposure{"upstream.url",
                    name + " is another machine, and the way is not encrypted: whoever is on it reads " + harm,
                    "https:// or wss:// in upstream.url"};
  }
  // A pin proves as much as a certificate: its key takes part in the handshake.
  if (settings.tls.verify || !settings.tls.pins.empty()) return std::nullopt;
  return exposure{
      "upstream.tls.verify",
      "false, and " + name + " is another machine, which has to prove nothing: whoever is on the way reads " + harm,
      "upstream.tls.ca_file for a CA of one's own, or upstream.tls.pins"};
}

}  // namespace roombridge::upstream
