// SPDX-License-Identifier: MIT
// The heads of the frames that a client sends (PROTOCOL.md section 4), and PING and PONG, which either side sends.
// Pure.
//
// encode_head() writes every field that differs from its default and checks nothing. parse<T>() ignores unknown fields
// and checks everything that the protocol says of a field by itself; what depends on the connection (ids in use,
// rights) is the receiver's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/frame.hpp>
#include <roombridge/proto/parsed.hpp>

namespace roombridge::proto {

struct hello {
  static constexpr auto type = frame_type::hello;
  std::vector<std::uint64_t> versions{protocol_version};
  std::string client;        // at most max_client_name bytes
  std::string subscriber{};  // a valid name; empty: none
  bool operator==(const hello&) const = default;
};

// A place in the log: that of the last record which somebody has.
struct log_position {
  std::string epoch;  // 16 hex digits
  std::uint64_t seq = 0;
  bool operator==(const log_position&) const = default;
};

// An epoch as it is written: 16 lower-case hex digits.
[[nodiscard]] std::string epoch_text(std::uint64_t epoch);
[[nodiscard]] bool is_epoch(std::string_view text) noexcept;
// Precondition: is_epoch(text).
[[nodiscard]] std::uint64_t epoch_of(std::string_view text) noexcept;

// What becomes of a subscriber that is so slow that the log gives up events before it has got them.
enum class slow_policy {
  gap,         // a GAP says what it lost
  disconnect,  // the connection ends, told why
  latest       // of each retained key it gets the newest event; a GAP says what else it lost
};
[[nodiscard]] std::string_view to_string(slow_policy policy) noexcept;

// The values that one field of an event may have.
struct field_filter {
  std::string name;
  std::vector<std::string> values;  // at least one; each is_valid_field() with the name
  bool operator==(const field_filter&) const = default;
};

struct subscribe {
  static constexpr auto type = frame_type::subscribe;
  std::uint64_t id = 0;
  std::vector<std::string> events;      // valid patterns; empty: every event
  std::vector<std::string> topics;      // valid patterns; empty: any topics or none
  std::vector<field_filter> fields{};   // each name once
  std::optional<log_position> since{};  // nothing: from now on
  bool snapshot = false;                // the newest event of each key comes first
  slow_policy slow = slow_policy::gap;
  bool more = false;                        // the stream begins with a later SUBSCRIBE
  std::optional<std::uint64_t> replaces{};  // the subscription whose place it takes
  bool operator==(const subscribe&) const = default;
};

struct unsubscribe {
  static constexpr auto type = frame_type::unsubscribe;
  std::uint64_t id = 0;
  std::uint64_t subscription = 0;
  bool operator==(const unsubscribe&) const = default;
};

struct join {
  static constexpr auto type = frame_type::join;
  std::uint64_t id = 0;
  std::string room;                                 // a valid room
  std::uint32_t deadline_ms = default_deadline_ms;  // for the server's answer; 1 to max_deadline_ms
  bool operator==(const join&) const = default;
};

struct leave {
  static constexpr auto type = frame_type::leave;
  std::uint64_t id = 0;
  std::string room;  // a valid room
  bool operator==(const leave&) const = default;
};

struct emit {
  static constexpr auto type = frame_type::emit;
  std::uint64_t id = 0;
  std::string event;  // without control characters
  bool ack = false;
  std::uint32_t deadline_ms = default_deadline_ms;  // 1 to max_deadline_ms
  std::vector<std::uint32_t> attachments;  // at most max_attachments sizes; whether they fit says split_payload()
  bool operator==(const emit&) const = default;
};

struct call {
  static constexpr auto type = frame_type::call;
  std::uint64_t id = 0;
  std::string method;
  std::string params = "{}";  // the text of a JSON object
  bool operator==(const call&) const = default;
};

// The params of the call `trace`.
struct trace_params {
  std::uint32_t for_ms = default_trace_ms;  // 1 to max_trace_ms
  bool operator==(const trace_params&) const = default;
};

// Of a named subscriber: up to where it has come.
struct ack {
  static constexpr auto type = frame_type::ack;
  std::uint64_t id = 0;
  log_position position;
  bool operator==(const ack&) const = default;
};

// The params of the call `remove_subscriber`.
struct remove_subscriber_params {
  std::string name;                    // a valid name
  std::optional<std::uint32_t> uid{};  // nothing: the caller's own
  bool operator==(const remove_subscriber_params&) const = default;
};

struct ping {
  static constexpr auto type = frame_type::ping;
  std::uint64_t id = 0;
  std::optional<std::uint32_t> deadline_ms;  // 1 to max_deadline_ms
  bool operator==(const ping&) const = default;
};

struct pong {
  static constexpr auto type = frame_type::pong;
  std::uint64_t id = 0;
  bool operator==(const pong&) const = default;
};

[[nodiscard]] std::string encode_head(const hello& value);
[[nodiscard]] std::string encode_head(const subscribe& value);
[[nodiscard]] std::string encode_head(const unsubscribe& value);
[[nodiscard]] std::string encode_head(const join& value);
[[nodiscard]] std::string encode_head(const leave& value);
[[nodiscard]] std::string encode_head(const emit& value);
[[nodiscard]] std::string encode_head(const call& value);
[[nodiscard]] std::string encode_head(const trace_params& value);
[[nodiscard]] std::string encode_head(const ack& value);
[[nodiscard]] std::string encode_head(const remove_subscriber_params& value);
[[nodiscard]] std::string encode_head(const ping& value);
[[nodiscard]] std::string encode_head(const pong& value);

// What may be the name of a room: 1 to max_room bytes, no control characters. UTF-8 is the head's matter.
[[nodiscard]] bool is_valid_room(std::string_view room);

// What may be the name of a subscriber: 1 to max_subscriber_name bytes, no control characters.
[[nodiscard]] bool is_valid_subscriber_name(std::string_view name);

// Whether `text` may be a head at all: one JSON object within a head's limits, or nothing.
[[nodiscard]] bool is_head(std::string_view text);

template <class T>
parsed<T> parse(std::string_view head);

template <>
parsed<hello> parse<hello>(std::string_view head);
template <>
parsed<subscribe> parse<subscribe>(std::string_view head);
template <>
parsed<unsubscribe> parse<unsubscribe>(std::string_view head);
template <>
parsed<join> parse<join>(std::string_view head);
template <>
parsed<leave> parse<leave>(std::string_view head);
template <>
parsed<emit> parse<emit>(std::string_view head);
template <>
parsed<call> parse<call>(std::string_view head);
template <>
parsed<trace_params> parse<trace_params>(std::string_view params);
template <>
parsed<ack> parse<ack>(std::string_view head);
template <>
parsed<remove_subscriber_params> parse<remove_subscriber_params>(std::string_view params);
template <>
parsed<ping> parse<ping>(std::string_view head);
template <>
parsed<pong> parse<pong>(std::string_view head);

}  // namespace roombridge::proto
