// SPDX-License-Identifier: MIT
// HTTP CONNECT, with Basic credentials (RFC 7617) where the proxy has some.
#pragma once

#include "daemon/upstream/net/tunnel.hpp"

namespace roombridge::upstream {

class http_tunnel final : public tunnel {
 public:
  http_tunnel(const proxy& through, const std::string& host, const std::string& port);

 private:
  bool advance(std::string& came) override;
  void judge(unsigned status, std::string_view head);
  void lack_credentials(std::string_view head, const std::string& status_line);

  std::string target_;  // host:port
};

}  // namespace roombridge::upstream
