// SPDX-License-Identifier: MIT
// A server's WebSocket stream as our decoder and inflater read it, and whether Beast, the peer, has read the same.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/wire/ws_decoder.hpp"
#include "tests/fuzz/upstream/beast_peer.hpp"

namespace roombridge::fuzz {

struct ws_reading {
  std::vector<std::string> items;  // as in peer_reading, up to an error
  upstream::ws_error error = upstream::ws_error::none;
  bool closed = false;
};

// Feeds the decoder pieces of sizes that `choice` begins. `deflate`: it was negotiated, with a window that is kept.
// `each` gets every item but the error, with its data inflated.
[[nodiscard]] ws_reading read_in_pieces(std::string_view bytes, unsigned choice, std::size_t receive_limit,
                                        bool deflate, const std::function<void(const upstream::ws_item&)>& each);

// Ends the run unless both have read the same items and come to the same end, but for known differences. `deflate`: as
// both were told.
void require_agreement(ws_reading ours, peer_reading peer, bool deflate);

}  // namespace roombridge::fuzz
