// SPDX-License-Identifier: MIT
// What every HTTP request to the Engine.IO server says, whatever the transport and whatever it is for. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// What ties requests to an Engine.IO session; both empty before there is one.
struct engine_session {
  std::string sid;
  std::string cookies;  // the value of the field Cookie
};

// The request's line and its common fields with the endpoint's extras, each with its line end; the caller adds its own
// and the empty line.
[[nodiscard]] std::string request_head(std::string_view method, const endpoint& where, transport_kind over,
                                       const engine_session& of);

}  // namespace roombridge::upstream
