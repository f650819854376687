// SPDX-License-Identifier: MIT
// The URL of a Socket.IO server, which is scheme, host and port, and the path, which the config has apart. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace roombridge::upstream {

struct server_address {
  std::string scheme;       // http, https, ws or wss
  bool tls = false;         // https or wss
  std::string host;         // a name or an address, an IPv6 one without its brackets
  std::string written;      // the host as a URL has it: an IPv6 address in brackets
  std::string port;         // decimal, 1 to 65535; where the URL has none, usual_port()
  bool is_address = false;  // `host` is an IP address

  [[nodiscard]] std::string_view usual_port() const { return tls ? "443" : "80"; }
};

// The address that `url` names, or why it names none: a sentence that repeats nothing of `url`, which may hold a
// password. Scheme and host may be in either case (RFC 3986 section 3.1).
[[nodiscard]] std::variant<server_address, std::string> parse_server(std::string_view url);

// Whether `path` can stand in a request as it is: ASCII without blanks, `?` and `#`.
[[nodiscard]] bool is_request_path(std::string_view path);

}  // namespace roombridge::upstream
