// SPDX-License-Identifier: MIT
// What the session machine tells: its status, and the actions that its driver performs in order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/emit.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/request_extras.hpp"
#include "daemon/upstream/session/held_emits.hpp"
#include "daemon/upstream/session/room_book.hpp"
#include "daemon/upstream/status.hpp"

namespace roombridge::upstream {

// client_status on the machine's own clock.
struct session_status {
  upstream::state state = upstream::state::offline;
  upstream::cause cause = upstream::cause::none;
  std::string text;
  std::optional<std::chrono::steady_clock::time_point> next_attempt;
  std::optional<std::chrono::steady_clock::time_point> lost;  // as client_status has it
  std::string user;
  std::string unnamed;
  std::optional<std::chrono::sys_seconds> token_expires;
  bool token_stale = false;
  std::optional<transport_kind> transport;  // of the connection, or of the attempt at one
  bool operator==(const session_status&) const = default;
};

namespace action {
struct read_token {};  // answer with on_token()
struct connect {       // open a transport; answer with on_transport_open() or on_transport_end()
  transport_kind over;
  request_extras extras;
  std::size_t turn;  // see endpoint::turn
};
struct close {  // end the connection: with a WebSocket close frame and a little patience, or at once
  std::optional<std::uint16_t> code;
};
struct send {  // one Engine.IO packet as a text message
  std::string text;
};
struct fail_emit {  // the emit with this ack id will get no acknowledgement; its outcome is sent_unknown
  std::uint64_t id;
  emit_error error;
  std::string text;
};
struct send_held {  // an emit that was held goes out, its attachments behind it; `ack`: an acknowledgement is awaited
  held_emit what;
  std::string text;
  std::optional<std::uint64_t> ack;
};
struct drop_held {  // an emit that was held is not sent
  std::uint64_t id;
  emit_error error;
  std::string text;
};
struct identify {     // whose the session is that is about to be authenticated
  std::string whose;  // differs for another user or another server
  std::string who;    // the same in words
};
struct answer_join {  // the answer to what hold_room() left open
  room_book::answer answer;
};
struct tell_rooms {};  // which rooms are joined has changed, and no report tells
struct report {        // the status, as it was then
  session_status status;
};
struct note {  // worth a warning in the log, though it changes no status
  std::string text;
};
}  // namespace action
using session_action = std::variant<action::read_token, action::connect, action::close, action::send, action::fail_emit,
                                    action::send_held, action::drop_held, action::identify, action::answer_join,
                                    action::tell_rooms, action::report, action::note>;

struct session_counters {
  std::map<cause, std::uint64_t> causes;  // how often a connection, an attempt or an authentication ended by each
  std::uint64_t attempts = 0;
  std::uint64_t authenticated = 0;
  std::uint64_t outages = 0;
};

}  // namespace roombridge::upstream
