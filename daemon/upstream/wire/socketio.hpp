// SPDX-License-Identifier: MIT
// Socket.IO protocol 5: packets inside Engine.IO messages (the engine's leading '4' is not part of them). Pure. As
// lenient as running servers are loose; the JSON inside `data` is passed on unchecked, save for the two replies to
// CONNECT, which are parsed here.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream::socketio {

enum class packet_type : std::uint8_t { connect, disconnect, event, ack, connect_error, binary_event, binary_ack };

enum class error : std::uint8_t {
  empty_packet,
  unknown_type,
  bad_attachments,       // a binary packet without "<count>-"
  too_many_attachments,  // above attachment_limit
  nsp_too_long,          // above nsp_limit
  id_too_large,          // an ack id beyond 64 bits
  ack_without_id,
  data_missing,     // an event or an ack without an array
  reply_too_large,  // CONNECT's reply above reply_limit
  reply_not_json,
  reply_without_sid,    // CONNECT's reply without a sid: also what a Socket.IO 2 server sends
  unexpected_binary,    // a binary message that no packet announced
  attachments_missing,  // another packet before all announced attachments
  packet_too_large,     // a packet and its attachments above the receive limit
};

// In words, for a person.
[[nodiscard]] std::string_view to_string(error value);

template <typename T>
using result = boost::system::result<T, error>;

inline constexpr std::size_t attachment_limit = 16;    // PROTOCOL.md section 6; the reference parser stops at 10
inline constexpr std::size_t nsp_limit = 1024;         // bytes
inline constexpr std::size_t reply_limit = 64 * 1024;  // bytes of the data of CONNECT's reply

struct packet {
  packet_type type = packet_type::event;
  std::string_view nsp = "/";
  std::size_t attachments = 0;      // binary messages that follow; 0 is legal in binary packets, too
  std::optional<std::uint64_t> id;  // of the acknowledgement: wanted (events) or given (acks)
  std::string_view data;            // JSON text, unchecked; may be empty where the type allows
};

// Decodes the data of one Engine.IO message. The views point into `text`; `data` is its end, so what is readable behind
// `text` is so behind `data`. Events and acks: `data` begins with '['.
[[nodiscard]] result<packet> decode(std::string_view text);

// The encoders append a packet without the engine's '4'. `nsp` is "/" or begins with it, has no comma and at most
// nsp_limit bytes (asserted). JSON texts are well-formed: the caller checks. No argument lies in `out`.

// `auth`: a JSON object, or empty for none.
void append_connect(std::string& out, std::string_view nsp, std::string_view auth = {});

void append_disconnect(std::string& out, std::string_view nsp);

// `name`: UTF-8, escaped here. `arguments`: a JSON array, whose elements follow the name byte for byte. `id`: asks for
// an acknowledgement. `attachments`: how many binary messages follow, at most attachment_limit (asserted); more than
// none makes it a binary event.
void append_event(std::string& out, std::string_view nsp, std::string_view name, std::string_view arguments,
                  std::optional<std::uint64_t> id = std::nullopt, std::size_t attachments = 0);

// Answers an event that asked for an acknowledgement.
void append_ack(std::string& out, std::string_view nsp, std::uint64_t id, std::string_view arguments,
                std::size_t attachments = 0);

// The server's answer to CONNECT.
struct connect_reply {
  std::optional<std::string> pid;  // there: connection state recovery is offered
};
[[nodiscard]] result<connect_reply> parse_connect_reply(std::string_view data);

// Why the server refuses CONNECT, or ends what it had accepted.
struct refusal {
  std::string message;  // may be empty: servers differ
  std::string data;     // the JSON text of the optional `data`, or empty
};
// `data` of a CONNECT_ERROR or a DISCONNECT: an object with `message` and perhaps `data`, or a bare string. What is
// neither gives an empty message.
[[nodiscard]] result<refusal> parse_refusal(std::string_view data);

}  // namespace roombridge::upstream::socketio
