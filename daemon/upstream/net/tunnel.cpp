// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/tunnel.hpp"

#include "daemon/upstream/net/http_tunnel.hpp"
#include "daemon/upstream/net/socks_tunnel.hpp"
#include "daemon/upstream/secrets.hpp"
#include "daemon/upstream/wire/base64.hpp"

namespace roombridge::upstream {

bool tunnel::feed(std::string_view bytes) {
  const std::string_view taken = bytes.substr(0, max_answer + 1 - taken_);
  taken_ += taken.size();
  came_.append(taken);
  const bool over = advance(came_);
  if (over) {
    // The server says nothing before it was spoken to.
    if (!result_ && !came_.empty()) fail(cause::proxy_failure, "sent more than its answer");
    return true;
  }
  if (taken_ <= max_answer) return false;
  fail(cause::proxy_failure, "answers without end");
  return true;
}

std::string tunnel::without_credentials(std::string_view said) const {
  if (through_.user.empty()) return std::string(said);
  return without_token(without_token(std::string(said), basic_credentials(through_)), through_.password);
}

std::string basic_credentials(const proxy& of) {
  std::string text;
  append_base64(text, of.user + ':' + of.password);
  return text;
}

std::unique_ptr<tunnel> make_tunnel(const proxy& through, const std::string& host, const std::string& port) {
  if (through.speaks == proxy::protocol::socks5) return std::make_unique<socks_tunnel>(through, host, port);
  return std::make_unique<http_tunnel>(through, host, port);
}

}  // namespace roombridge::upstream
