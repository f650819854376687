// SPDX-License-Identifier: MIT
// The body of an Engine.IO 4 request or response over HTTP long-polling: packets separated by a record separator; a
// text packet stands as it is, a binary one as "b" and base64. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/upstream/wire/base64.hpp"

namespace roombridge::upstream::polling_payload {

inline constexpr char separator = '\x1e';

// Packets of one request. python-engineio answers a request with more by 200 and drops all of it
// (Payload.max_decode_packets in its engineio/payload.py); the protocol itself has no limit.
inline constexpr std::size_t max_packets = 16;

// Append one packet, with its separator where there is one before it. A text has no separator in it: JSON escapes that
// character. The packet does not lie in `out`.
void append_text(std::string& out, std::string_view packet);
void append_binary(std::string& out, std::string_view packet);

// Bytes that a binary packet of so many takes, without a separator.
[[nodiscard]] constexpr std::size_t binary_size(std::size_t bytes) {
  return 1 + base64_size(bytes);
}

// As many whole packets from the front of a payload as fit into `limit` bytes, but at most max_packets, without the
// separator behind them; at least one packet, also when that one is larger.
[[nodiscard]] std::string_view first_packets(std::string_view payload, std::size_t limit);

// Takes whole packets, each with the separator behind it, off a payload that is not empty: about `limit` bytes, which
// is not 0; at least one packet, also when that one is larger.
[[nodiscard]] std::string_view take_piece(std::string_view& payload, std::size_t limit);

// Takes the first packet and the separator behind it off a payload that is not empty.
[[nodiscard]] std::string_view take_packet(std::string_view& payload);

[[nodiscard]] inline bool is_binary(std::string_view packet) {
  return packet.starts_with('b');
}

// The bytes of a binary packet; nothing when it holds no base64.
[[nodiscard]] inline std::optional<std::string> decode_binary(std::string_view packet) {
  return decode_base64(packet.substr(1));
}

}  // namespace roombridge::upstream::polling_payload
