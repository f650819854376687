// SPDX-License-Identifier: MIT
// The way to the server, as the config and the environment have it at the time of an attempt: where it is, and through
// which proxy. It reads the file with the proxy's credentials, afresh for every attempt.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "daemon/base/secret_file.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// A variable's value; nothing: it is not set.
using environment = std::function<std::optional<std::string>(const char* name)>;

// By `proxy.url`: no proxy; the one that the config names; or by the environment. There, as in other programs, the
// first that is set and not empty counts of https_proxy (http_proxy for a URL without TLS) and all_proxy, each also in
// upper case (but not HTTP_PROXY, which a web server may have made of a request); none for what no_proxy names and for
// this machine itself. `opened`: of a file with the proxy's credentials.
[[nodiscard]] std::variant<endpoint, failure> make_route(const options& settings, request_extras extras,
                                                         const environment& variables, const file_opened& opened = {});

// With the process's environment.
[[nodiscard]] std::variant<endpoint, failure> make_route(const options& settings, request_extras extras,
                                                         const file_opened& opened = {});

}  // namespace roombridge::upstream
