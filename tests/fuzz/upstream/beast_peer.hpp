// SPDX-License-Identifier: MIT
// Boost.Beast's WebSocket stream as a client that reads given bytes from memory. The only unit that compiles it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge::fuzz {

enum class peer_end { more, closed, too_big, not_utf8, violation, deflate };

struct peer_reading {
  // "text …", "binary …", "ping …", "pong …", "close CODE REASON", in order.
  std::vector<std::string> items;
  // more: the bytes ended and more were wanted.
  peer_end end = peer_end::more;
};

// Opens a client, whose handshake is answered with our Sec-WebSocket-Accept, and lets it read `bytes`. `deflate`:
// permessage-deflate is negotiated, with a window that is kept.
[[nodiscard]] peer_reading read_with_beast(std::string_view bytes, std::size_t receive_limit, bool deflate);

}  // namespace roombridge::fuzz
