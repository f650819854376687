// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/upgrade.hpp"

#include <set>

#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream {
namespace {

std::string make_request(const endpoint& where, const engine_session& session, std::string_view key, bool compression) {
  std::string out = request_head("GET", where, transport_kind::websocket, session);
  out += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
  out += key;
  out += "\r\n";
  // The window is one for messages that we compress, which are none: any will do, and some servers want the choice.
  if (compression) out += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  return out + "\r\n";
}

// RFC 7692 section 7.1.2.
bool is_window_bits(std::string_view text) {
  if (text.size() == 1) return text == "8" || text == "9";
  return text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5';
}

// Nothing: no answer to our offer (RFC 7692 section 7.1), such as a parameter that comes twice.
std::optional<deflate_parameters> read_parameters(const http_extension& extension) {
  deflate_parameters settled;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : extension.parameters) {
    const bool flag = name == "server_no_context_takeover" || name == "client_no_context_takeover";
    const bool window = name == "server_max_window_bits" || name == "client_max_window_bits";
    if (!(flag ? value.empty() : window && is_window_bits(value)) || !seen.insert(name).second) return std::nullopt;
    if (name == "server_no_context_takeover") settled.server_no_context_takeover = true;
  }
  return settled;
}

}  // namespace

upgrade::upgrade(const endpoint& where, const engine_session& session, const std::array<std::byte, 16>& nonce,
                 bool compression)
    : where_(where),
      compression_(compression),
      key_(websocket_key(nonce)),
      request_(make_request(where, session, key_, compression)) {}

bool upgrade::feed(std::string_view bytes) {
  const auto state = response_.feed(bytes);
  if (!response_.has_header()) {
    if (state == http_response::state::more) return false;
    result_ = describe_no_http(response_, where_);
  } else if (response_.status() == 101) {
    result_ = check_switch();
  } else if (state == http_response::state::more && !refusal_is_whole()) {
    return false;
  } else {
    result_ = refused();
  }
  return true;
}

void upgrade::finish(const failure& ended) {
  if (response_.has_header()) {
    result_ = refused();
  } else if (!response_.rest().empty()) {
    result_ = describe_no_http(response_, where_);
  } else {
    result_ = ended;
    if (ended.why != cause::connection_lost) return;
    result_->text += ", during the HTTP handshake";
    if (!where_.tls) result_->text += "; if the port speaks TLS, the URL should begin with https";
  }
}

// The body is only read for its words: without a length, what came with the header has to do.
bool upgrade::refusal_is_whole() const {
  return !response_.content_length() || response_.body().size() >= max_body;
}

std::optional<failure> upgrade::check_switch() {
  if (!response_.field_has("Upgrade", "websocket") || !response_.field_has("Connection", "upgrade")) {
    return failure{cause::http_not_websocket, where_.name + " switched protocols, but not to WebSocket"};
  }
  if (response_.field("Sec-WebSocket-Accept") != websocket_accept(key_)) {
    return failure{cause::http_not_websocket,
                   where_.name + " answered another WebSocket handshake than ours (a cache on the way?)"};
  }
  return check_extensions();
}

std::optional<failure> upgrade::check_extensions() {
  for (const http_extension& one : response_.extensions("Sec-WebSocket-Extensions")) {
    const auto settled = read_parameters(one);
    if (!compression_ || deflate_ || one.name != "permessage-deflate" || !settled) {
      return failure{cause::http_not_websocket,
                     where_.name + " switched on a WebSocket extension that was not offered: \"" +
                         quoted(response_.field("Sec-WebSocket-Extensions"), where_, 100) + '"'};
    }
    deflate_ = settled;
  }
  return std::nullopt;
}

failure upgrade::refused() const {
  failure why = describe_refusal(response_, where_);
  if (response_.status() == 400) {
    why.text += "; is this the Socket.IO server's own port, and does a proxy before it pass WebSocket upgrades?";
  }
  return why;
}

}  // namespace roombridge::upstream
