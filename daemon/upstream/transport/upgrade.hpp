// SPDX-License-Identifier: MIT
// The HTTP/1.1 handshake that turns a connection into a WebSocket (RFC 6455 section 4), as bytes in, bytes out. There
// is no socket here.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/net/endpoint.hpp"
#include "daemon/upstream/net/http_request.hpp"
#include "daemon/upstream/net/http_response.hpp"
#include "daemon/upstream/wire/ws_inflater.hpp"

namespace roombridge::upstream {

class upgrade {
 public:
  // As much of a refusal's body as is read for the diagnosis, in bytes.
  static constexpr std::size_t max_body = 4 * 1024;

  // `session`: the one whose transport it becomes, or none. `nonce`: 16 random bytes, fresh for every handshake.
  // `compression`: offer permessage-deflate (RFC 7692).
  upgrade(const endpoint& where, const engine_session& session, const std::array<std::byte, 16>& nonce,
          bool compression);

  // The request to send.
  [[nodiscard]] const std::string& request() const { return request_; }

  // Takes more of the response. True: the handshake is over, well or not, and feed() must not be called again.
  [[nodiscard]] bool feed(std::string_view bytes);

  // The connection ended, for the reason that `ended` gives: what is there is judged. Ends the handshake.
  void finish(const failure& ended);

  // After the end: nothing when the connection is a WebSocket now, else why not.
  [[nodiscard]] const std::optional<failure>& result() const { return result_; }

  // After a good end: the server has taken up permessage-deflate so.
  [[nodiscard]] const std::optional<deflate_parameters>& deflate() const { return deflate_; }

  // After a good end: bytes that came behind the response; they belong to the WebSocket.
  [[nodiscard]] std::string_view surplus() const { return response_.rest(); }

 private:
  [[nodiscard]] bool refusal_is_whole() const;
  [[nodiscard]] std::optional<failure> check_switch();
  [[nodiscard]] std::optional<failure> check_extensions();
  [[nodiscard]] failure refused() const;

  endpoint where_;
  bool compression_;
  std::string key_;
  std::string request_;
  http_response response_;
  std::optional<failure> result_;
  std::optional<deflate_parameters> deflate_;
};

}  // namespace roombridge::upstream
