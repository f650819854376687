// SPDX-License-Identifier: MIT
// The cookies of one Engine.IO session, by which a load balancer finds the server that holds it ("sticky sessions").
// All requests of a session go to one host and one path: what RFC 6265 does not send there is not kept. A session lives
// for hours at most: so Expires is not looked at. Pure.
//
// Invariants: what goes out cannot break a header: names are tokens, values printable ASCII; at most max_cookies with
// max_size bytes, and what does not fit is left out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/net/endpoint.hpp"

namespace roombridge::upstream {

class cookie_jar {
 public:
  static constexpr std::size_t max_cookies = 32;
  static constexpr std::size_t max_size = 8 * 1024;  // of the names and values together

  // `where`: where the session's requests go.
  explicit cookie_jar(const endpoint& where);

  // The value of one Set-Cookie field (RFC 6265 sections 5.2 and 5.3). One of another path or domain, or that wants TLS
  // where there is none, is ignored. A cookie of the same name, domain and path is replaced; "Max-Age=0" takes it away.
  void take(std::string_view set_cookie);

  // The value of the field Cookie (section 5.4: those of longer paths first); empty: there are none.
  [[nodiscard]] std::string header() const;

 private:
  struct cookie {
    std::string name;
    std::string domain;  // in lower case
    std::string path;
    std::string value;
    [[nodiscard]] std::size_t size() const { return name.size() + value.size(); }
  };
  struct attributes;

  [[nodiscard]] bool is_sent_here(const attributes& of) const;

  bool tls_;
  bool is_address_;
  std::string host_;             // in lower case
  std::string path_;             // of the requests
  std::vector<cookie> cookies_;  // in the order in which they are sent
};

}  // namespace roombridge::upstream
