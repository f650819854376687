// SPDX-License-Identifier: MIT
// The upstream connection as the rest of the daemon sees it: it calls `client_handler` with states and events, and is
// told to emit, reconnect, change its options or stop. It knows neither the log nor the local side.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/file_trust.hpp"
#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/upstream/emit.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/session/room_book.hpp"
#include "daemon/upstream/session/saved_session.hpp"
#include "daemon/upstream/status.hpp"
#include "daemon/upstream/trace.hpp"

namespace roombridge::upstream {

using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

struct client_status {
  upstream::state state = upstream::state::offline;
  wall_time since{};  // of `state`
  // Why the last connection ended or the last attempt failed, e.g. "ping_timeout". Empty: none did, or all is well
  // again, that is `authenticated`.
  std::string cause;
  std::string text;                       // the same in words, for a person
  std::optional<wall_time> next_attempt;  // while waiting between attempts
  // Since when events may have been missed: when the last authenticated session was last heard of, or when we left it,
  // if the server answered that. Set while there is none, and on entering `authenticated`, unless the server has sent
  // all of it again.
  std::optional<wall_time> lost;
  std::string user;                                       // the auth answer's user field as text; empty: not known
  std::string unnamed;                                    // not empty: nothing names the user, and what that will do
  std::optional<std::chrono::sys_seconds> token_expires;  // by its own `exp`, if it is a JWT
  bool token_stale = false;                 // it was read again because it will expire, and there is no newer one
  std::optional<transport_kind> transport;  // of the connection, or of the attempt at one
};

// An acknowledgement that the server wants for an event, on the connection on which that came.
struct ack_ticket {
  std::uint64_t connection = 0;
  std::uint64_t id = 0;
};

// Tells users apart, and the same user of one server and another.
using identity_digest = std::array<std::byte, 32>;

class client_handler {
 public:
  virtual ~client_handler() = default;

  // A session of this user is about to be `authenticated`. Where it is not the one of last time, what came before is
  // not theirs to read. `who`: user and server, for a person.
  virtual void on_identity(const identity_digest& whose, std::string_view who) = 0;

  // `status.state`, what explains it, or which rooms are joined has changed.
  virtual void on_status(const client_status& status) = 0;

  // A Socket.IO EVENT or BINARY_EVENT: `data` is the JSON array `["name",args…]` as the server wrote it, not yet
  // checked. The views, and at least 64 readable bytes behind `data`, live for the call. `wanted`:
  // client::acknowledge() may be called with it, during this call or later.
  virtual void on_event(std::string_view data, std::span<const bytes_view> attachments,
                        std::optional<ack_ticket> wanted) = 0;

  // A file that holds a secret is being read; `facts` of its descriptor.
  virtual void on_secret_file(const std::string& path, const file_facts& facts) {
    (void)path;
    (void)facts;
  }

  // Everything that one read from the network brought has been handed over: the moment to write to subscribers.
  virtual void on_burst_end() = 0;
};

struct room_request {
  room_holder who = 0;
  share_holder user{};  // for whom the room counts
  std::string room;
  milliseconds deadline{10'000};
};
struct join_result {
  join_error error = join_error::none;  // otherwise nothing is held
  std::string text;                     // what happened, for a person; empty when error is none
  room_state state = room_state::waiting;
};

struct client_counters {
  std::uint64_t attempts = 0;                        // connection attempts begun
  std::uint64_t authenticated = 0;                   // attempts that reached it
  std::map<std::string_view, std::uint64_t> causes;  // what ended them, or an authentication, by name
  std::uint64_t outages = 0;                         // authenticated sessions that ended without our wish
  std::uint64_t recovered = 0;    // of the outages, those after which the server sent all that was missed
  std::uint64_t unrecovered = 0;  // those for which it was asked in vain
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t malformed = 0;  // messages that were dropped: not UTF-8, not Engine.IO, not Socket.IO
  std::uint64_t emits_sent = 0;
  std::uint64_t emits_held = 0;  // that had to wait
};

class client {
 public:
  // `handler` and `log` outlive the client.
  client(io::context& context, options initial, client_handler& handler, logger& log);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // Before run(): what a crash of the last life has left. What a stop has left in `recovery_file` counts more.
  void resume(saved_session from);

  // Keeps the connection alive until stop(); awaited by the composition root.
  io::task<> run();

  // Leaves cleanly (WebSocket close 1000, no Socket.IO DISCONNECT, so that the server keeps what it can recover) within
  // a second; then run() writes `recovery_file` and returns.
  void stop();

  // Rooms are joined and left on the connection that stands, if it is kept; another token source re-reads the token;
  // time-outs hold from the next use on.
  void reconfigure(options changed, connection_use use);

  // Ends the connection or the wait, and connects at once.
  void reconnect();

  // `done` is called exactly once, perhaps before emit() returns, also when the connection dies or the client is
  // destroyed.
  void emit(const emit_request& request, std::function<void(const emit_result&)> done);

  // Holds a room for a local program, see room_holds. `done` is called exactly once, perhaps before hold_room()
  // returns: when the server has answered, at the latest after `deadline`.
  void hold_room(const room_request& wanted, std::function<void(const join_result&)> done);
  // False: it does not hold it.
  bool release_room(room_holder who, const std::string& room);

  // Answers an event of the server with an acknowledgement without arguments; once for each. Nothing happens when the
  // connection on which the event came is no more.
  void acknowledge(const ack_ticket& wanted);

  // Tells what passes between us and the server from now on, and first how the connection stands, until `show` returns
  // false. Another call takes the place of this one.
  void trace(tracer::show_function show);

  [[nodiscard]] const client_status& status() const;
  [[nodiscard]] const client_counters& counters() const;
  [[nodiscard]] std::vector<room_status> rooms() const;
  // The server offers connection state recovery on this connection.
  [[nodiscard]] bool recovery_offered() const;
  // What a life after a crash of this one would need, and the server's offset of the last event, which is not in it;
  // the view lives until the next event.
  [[nodiscard]] std::optional<saved_session> left_by_a_crash() const;
  [[nodiscard]] std::string_view offset() const;
  // `text` without what is secret (secrets.hpp): for all that is shown to anybody.
  [[nodiscard]] std::string hidden(std::string_view text) const;
  // How many emits wait for the connection.
  [[nodiscard]] std::size_t held() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::upstream
