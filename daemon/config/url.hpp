// SPDX-License-Identifier: MIT
// The rules for the URLs of the server and of a proxy. A refusal shows the value without user, password and query: a
// secret that somebody wrote into a URL must not reach a log. Rules as in values.hpp.
#pragma once

#include <string_view>

#include "daemon/config/names.hpp"

namespace roombridge::config {

// scheme://host[:port] with http, https, ws or wss; no user or password (they would reach logs), no path (it has a key
// of its own).
[[nodiscard]] text_result server_url(std::string_view text);

// none, environment, or a proxy's scheme://host:port with http or socks5; no user or password.
[[nodiscard]] text_result proxy_url(std::string_view text);

}  // namespace roombridge::config
