// SPDX-License-Identifier: MIT
// Where to connect, made from the URL and the path of the config. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/proxy.hpp"
#include "daemon/upstream/request_extras.hpp"
#include "daemon/upstream/secrets.hpp"

namespace roombridge::upstream {

struct endpoint {
  bool tls = false;
  std::string host;         // a name or an address, an IPv6 one without its brackets: for DNS, SNI and the certificate
  std::string port;         // decimal
  std::string host_header;  // with brackets and, unless it is the scheme's default, the port
  std::string path;         // the config's
  request_extras extras;
  std::optional<proxy> through;
  std::size_t turn = 0;     // which address of the host's, or of the proxy's, is tried first; counted round
  std::string name;         // "https://host:port", and through which proxy, for people
  bool is_address = false;  // `host` is an IP address: no SNI
  std::shared_ptr<const secrets> hidden;  // what a peer says is not shown with these; null: with whatever it says
  bool operator==(const endpoint&) const = default;
};

// `url`: as parse_server() takes it. `path` and `extras` go into requests as request_head() has it.
[[nodiscard]] std::variant<endpoint, failure> make_endpoint(std::string_view url, std::string_view path,
                                                            request_extras extras = {});

}  // namespace roombridge::upstream
