// SPDX-License-Identifier: MIT
// Where an HTTP redirect leads, as the config would have to say it to follow: the daemon does not, since a token would
// go to whoever answers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/upstream/net/endpoint.hpp"

namespace roombridge::upstream {

// `location`: the field Location of an answer to a request to `where`. The lines "upstream.url: …" and "upstream.path:
// …", as far as they differ from `where` and as make_endpoint() takes them, in a sentence; where the redirect leads to
// no such place, its own words. Nothing of a query is shown. It may hold what the server repeats of the request: the
// caller clears it.
[[nodiscard]] std::string explain_redirect(std::string_view location, const endpoint& where);

}  // namespace roombridge::upstream
