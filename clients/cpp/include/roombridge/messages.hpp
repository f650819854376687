// SPDX-License-Identifier: MIT
// What a client gets to see: the daemon's messages, the answers to requests, and failures. Plain data that owns its
// memory.
//
// Times are µs since the Unix epoch. The fields' meaning is in the protocol's document, sections 4 to 6.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/daemon_messages.hpp>
#include <roombridge/proto/expected.hpp>

namespace roombridge {

using proto::bye;
using proto::emit_outcome;
using proto::error_code;
using proto::error_info;
using proto::field_filter;
using proto::gap;
using proto::live;
using proto::log_position;
using proto::permissions;
using proto::resumption;
using proto::room_state;
using proto::sight;
using proto::slow_policy;
using proto::status;
using proto::trace;
using proto::upstream_state;
using proto::welcome;

using request_id = std::uint64_t;

// An event. `arguments` is a JSON array exactly as the server wrote it: perhaps with what strict parsers refuse.
struct event {
  std::uint64_t seq = 0;
  std::int64_t time = 0;  // when the daemon received it
  std::string name;
  std::vector<std::string> topics;
  bool unexpected = false;  // its payload is not what the daemon's profile expects
  std::string arguments;
  std::vector<std::string> attachments;  // bytes
  bool retained = false;                 // it came before, and is part of a snapshot
  bool operator==(const event&) const = default;
};

// The RESULT of a request.
struct answer {
  request_id id = 0;
  std::optional<error_info> error;            // nothing: ok
  emit_outcome outcome = emit_outcome::none;  // none but for an emit
  std::string payload;                        // call: the result's JSON; acked emit: the acknowledgement's arguments
  std::vector<std::string> attachments;       // acked emit: bytes
  room_state state = room_state::none;        // none but for a join
  std::optional<roombridge::resumption>
      resumption{};               // none but for a subscribe `since` a position, or from a kept one
  std::optional<bool> durable{};  // none but for an ack: whether the daemon's journal has it
  [[nodiscard]] bool ok() const { return !error; }
  bool operator==(const answer&) const = default;
};

// An ERROR frame: a mistake of this client that answers no request.
using protocol_error = proto::error;

enum class failure_kind {
  unreachable,       // no daemon listens there
  not_permitted,     // the socket's mode keeps this user out
  timeout,           // nothing came in time
  closed,            // the daemon closed the connection
  protocol,          // the daemon sent what the protocol forbids
  refused,           // the daemon refused the request: `error` has its reason
  invalid_argument,  // this program asked for something that cannot be said in the protocol; nothing was sent
  not_connected,     // there is no connection; nothing was sent
  inbox_full,        // more events came before the answer than `inbox_limit` holds: take some with next()
  stopped,           // stop() was called
};

struct failure {
  failure_kind kind = failure_kind::closed;
  std::string text;                 // for a person: what, where, what to do; one line, safe to be shown
  std::optional<error_info> error;  // refused only; its text is as the daemon said it
  bool sent = false;  // the request went out and its answer did not come: it may have been carried out, or still be
  bool operator==(const failure&) const = default;
};

template <class T>
using outcome = proto::expected<T, failure>;

// There is no connection: it has ended, or the daemon is not there yet. A `welcome` tells of the next one. That attempt
// after attempt fails for one reason is told once.
struct closed {
  failure why;
  bool reconnect = true;                                // coming back makes sense
  std::optional<std::chrono::milliseconds> retry_in{};  // the client tries again after this time; nothing: it does not
  bool operator==(const closed&) const = default;
};

using message = std::variant<welcome, event, status, live, gap, answer, protocol_error, bye, trace, closed>;

// Which events a subscription wants. Patterns are exact names, or a prefix and one `*` at the end; an empty list: all.
// Of `fields` each has to have one of its values, {{"shopId", {"7", "8"}}}; the daemon's config says which there are.
struct filter {
  std::vector<std::string> events{};
  std::vector<std::string> topics{};
  std::vector<field_filter> fields{};  // each name once
  bool operator==(const filter&) const = default;
};

// Where a connection's events begin; `since`, `slow` and `snapshot` belong to its first subscription.
struct beginning {
  std::optional<log_position> since{};  // behind this position; nothing: behind the one that the daemon keeps for the
                                        // connection's subscriber, or from now on
  slow_policy slow = slow_policy::gap;  // likewise
  bool snapshot = false;                // first the newest event of each thing whose state the daemon retains
  bool more = false;                    // nothing comes before another subscription without it has been made
};

// An event to send upstream. `arguments`: a JSON array, or empty for none.
struct emission {
  std::string event;  // without control characters
  std::string arguments{};
  std::vector<std::string> attachments{};      // bytes; at most 10, more than which servers do not take
  bool ack = false;                            // wait for the server's acknowledgement
  std::chrono::milliseconds deadline{10'000};  // by when the outcome is to be known; 1 ms to 5 minutes
};

}  // namespace roombridge
