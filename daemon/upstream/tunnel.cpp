// SPDX-License-Identifier: MIT
#include "daemon/upstream/tunnel.hpp"

#include "daemon/upstream/http_tunnel.hpp"
#include "daemon/upstream/socks_tunnel.hpp"

namespace roombridge::upstream {

bool tunnel::feed(std::string_view bytes) {
  came_.append(bytes.substr(0, max_answer - came_.size() + 1));
  const bool over = advance(came_);
  if (over) {
    // The server says nothing before it was spoken to.
    if (!result_ && !came_.empty()) fail(cause::proxy_failure, "sent more than its answer");
    return true;
  }
  if (came_.size() <= max_answer) return false;
  fail(cause::proxy_failure, "answers without end");
  return true;
}

std::unique_ptr<tunnel> make_tunnel(const proxy& through, const std::string& host, const std::string& port) {
  if (through.speaks == proxy::protocol::socks5) return std::make_unique<socks_tunnel>(through, host, port);
  return std::make_unique<http_tunnel>(through, host, port);
}

}  // namespace roombridge::upstream
