// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_request.hpp"

#include "daemon/upstream/wire/engineio.hpp"

namespace roombridge::upstream {

std::string request_head(std::string_view method, const endpoint& where, transport_kind over,
                         const engine_session& of) {
  std::string out{method};
  out += ' ' + engineio::target(where.path, to_string(over));
  // The server has chosen the sid: it may hold anything.
  if (!of.sid.empty()) out += "&sid=" + percent_encoded(of.sid);
  out += query_text(where.extras.query) + " HTTP/1.1\r\nHost: " + where.host_header;
  // Without it a server may choose any coding (RFC 9110 section 12.5.3), and none is read here.
  out += "\r\nUser-Agent: roombridged\r\nAccept-Encoding: identity\r\n";
  if (!of.cookies.empty()) out += "Cookie: " + of.cookies + "\r\n";
  return out + header_lines(where.extras.headers);
}

}  // namespace roombridge::upstream
