// SPDX-License-Identifier: MIT
// SOCKS 5, with a user and a password (RFC 1929) where the proxy has some. A name goes to the proxy as it is.
#pragma once

#include "daemon/upstream/net/tunnel.hpp"

namespace roombridge::upstream {

class socks_tunnel final : public tunnel {
 public:
  // `host` has at most 255 bytes, and so have user and password.
  socks_tunnel(const proxy& through, const std::string& host, const std::string& port);

 private:
  enum class state { method, login, reply };

  bool advance(std::string& came) override;
  bool take_method(std::string& came);
  bool take_login(std::string& came);
  bool take_reply(std::string& came);
  bool refuse_version(std::string_view came);
  void ask_for_target();

  std::string host_;
  unsigned port_;
  state state_ = state::method;
};

}  // namespace roombridge::upstream
