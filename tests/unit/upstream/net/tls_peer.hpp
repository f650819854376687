// SPDX-License-Identifier: MIT
// A TLS server on a loopback port, for one connection after the other.
#pragma once

#include <memory>
#include <string>

#include "daemon/base/io.hpp"
#include "tests/unit/upstream/net/certificates.hpp"

namespace roombridge::upstream::test {

struct tls_peer_options {
  identity own = {};
  std::string client_ca = {};  // PEM; not empty: it demands a client's certificate of this CA
  int newest = 0;              // TLS1_2_VERSION and so on; 0: any
  bool renegotiates = false;   // asks for another handshake when something has come
};

class tls_peer {
 public:
  tls_peer(io::context& context, const tls_peer_options& options);
  ~tls_peer();
  tls_peer(const tls_peer&) = delete;
  tls_peer& operator=(const tls_peer&) = delete;

  [[nodiscard]] std::string port() const;

  // Accepts a connection, shakes hands and sends back what comes, until the client ends it.
  [[nodiscard]] io::task<> serve();

  [[nodiscard]] int handshakes() const;  // that were completed, of all connections

  // Of the last connection.
  [[nodiscard]] const std::string& server_name() const;     // the client's SNI; "": none
  [[nodiscard]] const std::string& client_subject() const;  // its certificate's; "": none

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::upstream::test
