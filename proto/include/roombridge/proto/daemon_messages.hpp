// SPDX-License-Identifier: MIT
// The heads of the frames that the daemon sends (PROTOCOL.md section 5). Pure.
//
// encode_head() writes every required field, and the others when they say something. parse<T>() ignores unknown fields;
// every error that it gives has the code bad_head. Times are µs since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/event_head.hpp>

namespace roombridge::proto {

// Events that a client may see: those with one of these names and one of these topics, as patterns.
struct sight {
  std::vector<std::string> events;
  std::vector<std::string> topics;
  bool operator==(const sight&) const = default;
};

// What the access rules let a client do.
struct permissions {
  std::vector<sight> see;
  std::vector<std::string> hold;  // rooms, as patterns
  std::vector<std::string> emit;  // events, as patterns
  bool operator==(const permissions&) const = default;
};

struct welcome {
  static constexpr auto type = frame_type::welcome;
  std::uint64_t version = protocol_version;
  std::string server;        // name and version, for people
  std::string epoch;         // 16 hex digits
  std::uint64_t newest = 0;  // seq; 0: none yet
  std::uint64_t body_limit = max_body;
  std::uint64_t subscription_limit = max_subscriptions;
  std::uint64_t pattern_limit = max_patterns;
  bool may_control = false;
  std::optional<permissions> may;          // nothing: more than fits, or an older daemon
  std::optional<log_position> position{};  // of the named subscriber; nothing: it is new, or there is none
  bool operator==(const welcome&) const = default;
};

struct event {
  static constexpr auto type = frame_type::event;
  std::uint64_t seq = 0;
  std::int64_t time = 0;
  std::string name;
  std::vector<std::string> topics;
  std::vector<std::uint32_t> attachments;
  bool unexpected = false;
  bool retained = false;  // it came before, and is given because a snapshot was asked for
  bool operator==(const event&) const = default;
};

enum class upstream_state { offline, connecting, connected, authenticating, authenticated };
[[nodiscard]] std::string_view to_string(upstream_state state) noexcept;

struct status {
  static constexpr auto type = frame_type::status;
  upstream_state state = upstream_state::offline;
  std::int64_t since = 0;
  std::optional<std::vector<std::string>> rooms;  // what is joined; present when authenticated, if they fit
  std::string cause;                              // empty: nothing ended or failed
  std::string text;
  std::optional<std::int64_t> next_attempt;
  std::string transport;  // "websocket" or "polling"; empty: offline, or an older daemon
  bool operator==(const status&) const = default;
};

struct live {
  static constexpr auto type = frame_type::live;
  std::uint64_t seq = 0;
  bool operator==(const live&) const = default;
};

struct gap {
  static constexpr auto type = frame_type::gap;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> count;  // nothing: not known
  std::string reason;  // "slow", "oversize", "upstream", "expired", "epoch"; a newer daemon may have more
  std::string event;   // oversize: the event's name
  std::optional<std::uint64_t> bytes;  // oversize: its payload's size
  std::optional<std::int64_t> from;    // upstream
  std::optional<std::int64_t> until;   // upstream
  std::string epoch{};                 // that begins here; empty: it is the same as before
  bool operator==(const gap&) const = default;
};

// The error of a RESULT, and most of an ERROR. `code` may be one that this version does not know; then `name` tells
// more.
struct error_info {
  error_code code = error_code::none;
  std::string name;
  std::string text;
  bool retry = false;
  bool operator==(const error_info&) const = default;
};

// With the name and the `retry` that belong to `code`.
[[nodiscard]] error_info make_error(error_code code, std::string text);

enum class emit_outcome { none, acked, sent_unknown, not_sent };
[[nodiscard]] std::string_view to_string(emit_outcome outcome) noexcept;

// How a room that a JOIN asked for stands; one that the server refused is an error.
enum class room_state { none, waiting, joining, asked, joined };
[[nodiscard]] std::string_view to_string(room_state state) noexcept;

// What the answer to a SUBSCRIBE with `since`, or from a named subscriber's position, says.
struct resumption {
  bool complete = false;     // all that was asked for is still there
  std::uint64_t first = 0;   // oldest seq in the log; newest + 1 when it is empty
  std::uint64_t newest = 0;  // 0: none yet
  bool operator==(const resumption&) const = default;
};

struct result {
  static constexpr auto type = frame_type::result;
  std::uint64_t id = 0;
  std::optional<error_info> error;                // nothing: ok
  emit_outcome outcome = emit_outcome::none;      // none but for an EMIT
  std::vector<std::uint32_t> attachments;         // of an acknowledgement
  room_state state = room_state::none;            // none but for a JOIN
  std::optional<proto::resumption> resumption{};  // none but for a SUBSCRIBE from a position
  std::optional<bool> durable{};                  // none but for an ACK: whether the position is in the journal
  bool operator==(const result&) const = default;
};

struct error {
  static constexpr auto type = frame_type::error;
  error_info info;
  bool fatal = false;
  std::optional<std::uint64_t> subscription{};  // revoked: the id of the one that ended
  std::string room{};                           // revoked: the one that was let go of
  bool operator==(const error&) const = default;
};

struct bye {
  static constexpr auto type = frame_type::bye;
  std::string reason;
  std::string text;
  bool reconnect = false;
  bool operator==(const bye&) const = default;
};

// One of a packet, a step and a loss: what it is not, is empty.
struct trace {
  static constexpr auto type = frame_type::trace;
  std::int64_t time = 0;
  std::string step;       // "tls", "http", ...
  std::string text;       // of the step
  std::string direction;  // "in", "out": a packet
  std::string transport;  // "websocket", "polling"
  std::string engine;     // "message", "ping", ...
  std::string packet;     // of a message: "event", "ack", ...
  std::string nsp;
  std::string event;
  std::optional<std::uint64_t> ack;
  std::optional<std::uint64_t> bytes;
  std::vector<std::uint32_t> attachments;
  std::string shape;
  std::optional<std::uint64_t> missed;  // lines that are left out here
  bool operator==(const trace&) const = default;
};

[[nodiscard]] std::string encode_head(const welcome& value);
[[nodiscard]] std::string encode_head(const event& value);
[[nodiscard]] std::string encode_head(const status& value);
[[nodiscard]] std::string encode_head(const live& value);
[[nodiscard]] std::string encode_head(const gap& value);
[[nodiscard]] std::string encode_head(const result& value);
[[nodiscard]] std::string encode_head(const error& value);
[[nodiscard]] std::string encode_head(const bye& value);
[[nodiscard]] std::string encode_head(const trace& value);

template <>
parsed<welcome> parse<welcome>(std::string_view head);
template <>
parsed<event> parse<event>(std::string_view head);
template <>
parsed<status> parse<status>(std::string_view head);
template <>
parsed<live> parse<live>(std::string_view head);
template <>
parsed<gap> parse<gap>(std::string_view head);
template <>
parsed<result> parse<result>(std::string_view head);
template <>
parsed<error> parse<error>(std::string_view head);
template <>
parsed<bye> parse<bye>(std::string_view head);
template <>
parsed<trace> parse<trace>(std::string_view head);

}  // namespace roombridge::proto
