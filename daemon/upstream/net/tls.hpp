// SPDX-License-Identifier: MIT
// TLS settings of OpenSSL for one connection, and its faults in words. It touches no socket; only stream.cpp and its
// test include it. The files are read here, and so afresh for every connection.
#pragma once

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// The versions, the trusted roots (the CA file's, or the system's), and our own certificate. A file that cannot be used
// is a failure.
[[nodiscard]] std::optional<failure> prepare_tls(SSL_CTX& context, const tls_options& options);

// The host of one connection: SNI (names only), and what its certificate must be for.
void prepare_tls(SSL& connection, const endpoint& where, const tls_options& options);

// After the handshake, and before anything is sent: whether a key is among those that the config pins. Of the verified
// chain any certificate may have it; where nothing is verified only the server's own, which alone it has proved to have
// the key of.
[[nodiscard]] std::optional<failure> check_pins(SSL& connection, const endpoint& where, const tls_options& options);

// Why a handshake or a later read or write failed.
[[nodiscard]] failure describe_tls(SSL& connection, const boost::system::error_code& error, const endpoint& where);

// The server asked for a client's certificate in the handshake. Whether it took what it got, some servers say only by
// hanging up.
[[nodiscard]] bool asked_for_certificate(const SSL& connection);

}  // namespace roombridge::upstream
