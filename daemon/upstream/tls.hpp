// SPDX-License-Identifier: MIT
// TLS settings of OpenSSL for one connection, and its faults in words. It touches no socket; only stream.cpp and its
// test include it.
#pragma once

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/endpoint.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// TLS 1.2 or later, and the trusted roots: the CA file's, or the system's. A CA file that cannot be used is a failure.
[[nodiscard]] std::optional<failure> prepare_tls(SSL_CTX& context, const tls_options& options);

// The host of one connection: SNI (names only), and what its certificate must be for.
void prepare_tls(SSL& connection, const endpoint& where, const tls_options& options);

// Why a handshake or a later read or write failed.
[[nodiscard]] failure describe_tls(SSL& connection, const boost::system::error_code& error, const endpoint& where);

}  // namespace roombridge::upstream
