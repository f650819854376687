// SPDX-License-Identifier: MIT
// A proxy, its URL, and the servers that are reached without it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace roombridge::upstream {

struct proxy {
  enum class protocol { http, socks5 };
  protocol speaks = protocol::http;
  std::string host;      // a name or an address, an IPv6 one without its brackets
  std::string port;      // decimal
  std::string name;      // "http://host:port", for people
  std::string user;      // empty: no credentials
  std::string password;  // reaches no log and no error
  bool operator==(const proxy&) const = default;
};

// `url`: scheme http, socks5 or socks5h (both let the proxy look the server's name up), host and port, perhaps a user
// and a password. Else why it cannot be used, in words that repeat nothing of it.
[[nodiscard]] std::variant<proxy, std::string> parse_proxy(std::string_view url);

// Whether the list in a variable no_proxy names this host: entries between commas or blanks, each "*", an address, a
// network ("10.0.0.0/8"), or a domain ("example.com", ".example.com" or "*.example.com"), which stands for itself and
// what lies below it; each perhaps with a port.
[[nodiscard]] bool is_excepted(std::string_view no_proxy, std::string_view host, std::string_view port);

// localhost and what lies below it, 127.0.0.0/8, ::1.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace roombridge::upstream
