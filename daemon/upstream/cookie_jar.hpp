// SPDX-License-Identifier: MIT
// The cookies of one Engine.IO session, by which a load balancer finds the server that holds it ("sticky sessions").
// All requests of a session go to one host and one path and it lives for hours at most: so Domain, Path, Secure and
// Expires are not looked at. Pure.
//
// Invariants: what goes out cannot break a header: names are tokens, values printable ASCII; at most max_cookies with
// max_size bytes, and what does not fit is left out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roombridge::upstream {

class cookie_jar {
 public:
  static constexpr std::size_t max_cookies = 32;
  static constexpr std::size_t max_size = 8 * 1024;  // of the names and values together

  // The value of one Set-Cookie field. A cookie of the same name is replaced; "Max-Age=0" takes it away.
  void take(std::string_view set_cookie);

  // The value of the field Cookie; empty: there are none.
  [[nodiscard]] std::string header() const;

 private:
  std::vector<std::pair<std::string, std::string>> cookies_;  // in the order of their first coming
};

}  // namespace roombridge::upstream
