// SPDX-License-Identifier: MIT
// The pure halves of the WebSocket opening handshake (RFC 6455 section 4); HTTP itself is Beast's.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// The Sec-WebSocket-Key for 16 random bytes.
[[nodiscard]] std::string websocket_key(const std::array<std::byte, 16>& random);

// The Sec-WebSocket-Accept that a server must answer to this key.
[[nodiscard]] std::string websocket_accept(std::string_view key);

// Some servers refuse only after 101, with an HTTP response where frames should be (an Engine.IO 4 server does so to an
// older client). Given the first bytes behind the handshake: the status line, e.g. "HTTP/1.1 400 Bad Request",
// printable and at most 100 bytes, or an empty text when this is no HTTP.
[[nodiscard]] std::string http_status_line(std::string_view first_bytes);

}  // namespace roombridge::upstream
