// SPDX-License-Identifier: MIT
// Engine.IO protocol 4: packets as text messages, which start with their type; binary messages are data as they are
// and do not come here. Pure. What peers get wrong is a value of `error`.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream::engineio {

enum class packet_type : char {
  open = '0',
  close = '1',
  ping = '2',
  pong = '3',
  message = '4',
  upgrade = '5',
  noop = '6',
};

enum class error : std::uint8_t {
  empty_packet,
  unknown_type,
};

// In words, for a person.
[[nodiscard]] std::string_view to_string(error value);

template <typename T>
using result = boost::system::result<T, error>;

inline constexpr std::size_t open_limit = 64 * 1024;  // bytes of the open packet's data
inline constexpr std::size_t sid_limit = 2048;        // bytes
inline constexpr std::chrono::milliseconds heartbeat_limit = std::chrono::days{30};

// What the reference server has where it is not configured: for a server that does not say.
inline constexpr std::chrono::milliseconds usual_ping_interval = std::chrono::seconds{25};
inline constexpr std::chrono::milliseconds usual_ping_timeout = std::chrono::seconds{20};

// What servers take that do not say (socket.io 3 and its default of today), in bytes.
inline constexpr std::uint64_t usual_max_payload = 1'000'000;

struct packet {
  packet_type type = packet_type::noop;
  std::string_view data;  // into the decoded text
};

// Decodes one text message.
[[nodiscard]] result<packet> decode(std::string_view text);

// Appends one text message. `data` does not lie in `out`.
void append_packet(std::string& out, packet_type type, std::string_view data = {});

// What the server says in its open packet. Without a ping for ping_interval + ping_timeout the connection is dead.
struct open {
  std::string sid;
  std::chrono::milliseconds ping_interval = usual_ping_interval;
  std::chrono::milliseconds ping_timeout = usual_ping_timeout;
  std::optional<std::uint64_t>
      max_payload;                // largest message that the server takes, in bytes; older servers do not say
  bool offers_websocket = false;  // as an upgrade of a session over polling

  // Of a message, over polling also of a request's body; in bytes.
  [[nodiscard]] std::uint64_t payload_limit() const { return max_payload.value_or(usual_max_payload); }
};

// Why an open packet cannot be used.
struct unusable_open {
  std::string why;  // ends with what the server said, uncut and perhaps unprintable
};

// Parses an open packet's data, as generously as the reference client. A number may be a text, have a fraction (which
// is rounded) or be too large (then it is the limit). What is not there or null is the usual, and so is a maxPayload
// that is no positive number. Unknown fields are ignored.
[[nodiscard]] boost::system::result<open, unusable_open> parse_open(std::string_view data);

// The target of a request: the path, made to begin and to end with a slash, and the query's beginning. `transport`:
// "websocket" or "polling".
[[nodiscard]] std::string target(std::string_view path, std::string_view transport);

// Whether a text message that comes before the namespace's CONNECT was answered shows a server of Engine.IO 3
// (Socket.IO 2), which is another protocol. After an open packet like ours it sends, unasked, a bare `40`, or refuses
// with `44"text"`. Since a few servers of Engine.IO 4 refuse so, too, that counts only when the open packet had no
// maxPayload.
[[nodiscard]] bool is_engineio3(std::string_view text, bool max_payload_announced);

}  // namespace roombridge::upstream::engineio
