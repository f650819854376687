// SPDX-License-Identifier: MIT
// The local side as the composition root sees it: a listener, its peers, and the requests that they cannot answer
// themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/daemon_messages.hpp>

#include "daemon/base/fair_shares.hpp"
#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/local/access_rules.hpp"
#include "daemon/local/latency_histogram.hpp"
#include "daemon/local/named_subscribers.hpp"
#include "daemon/local/options.hpp"
#include "daemon/local/room_holders.hpp"
#include "daemon/log/event_log.hpp"

namespace roombridge::local {

// A request's answer: the RESULT frame less its id.
struct answer {
  int error = 0;                  // PROTOCOL.md error code; 0: ok
  std::string text = {};          // the error in words
  std::string_view outcome = {};  // EMIT only: "acked", "sent_unknown", "not_sent"; a literal
  std::string payload = {};       // CALL: JSON; EMIT acked: the arguments' array and behind it the attachments
  std::vector<std::uint32_t> attachments = {};
  std::string_view state = {};       // JOIN only: "joined", "asked", "joining", "waiting"; a literal
  std::optional<bool> durable = {};  // ACK only
};
using answer_function =
    std::function<void(answer)>;  // call exactly once, now or later; the peer may be gone by then: then nothing happens

// Names a local connection for as long as the daemon runs.
using peer_token = std::uint64_t;

struct join_request {
  peer_token who = 0;
  share_holder user{};
  std::string_view room;
  std::chrono::milliseconds deadline{10'000};
};

struct emit_request {
  std::string_view event;
  std::string_view arguments;  // a JSON array, not yet checked; "[]" when the payload was empty
  std::span<const std::span<const std::byte>> attachments;
  bool want_ack = false;
  std::chrono::milliseconds deadline{10'000};
  share_holder user{};
  std::function<bool()> permitted{};  // whether the rules of the moment let who has sent it emit it, be its peer gone
};

struct call_request {
  peer_token who = 0;
  std::string_view method;      // perhaps unknown
  std::string_view params;      // the text of a JSON object
  const rights* may = nullptr;  // the peer's; lives for the call
  sight sees{};                 // whose programs the answer may tell of
};

class request_handler {
 public:
  virtual ~request_handler() = default;
  // An event that the peer may emit.
  virtual void on_emit(const emit_request& request, answer_function done) = 0;
  // A room that the peer may hold, and perhaps holds already; an error has to mean that it does not hold it, so
  // that on_leave() follows.
  virtual void on_join(const join_request& request, answer_function done) = 0;
  virtual void on_leave(peer_token who, const std::string& room) = 0;
  // `subscribers`, `named_subscribers` and `remove_subscriber` are answered by the local side itself and never come
  // here.
  virtual void on_call(const call_request& request, answer_function done) = 0;
};

// One local connection, for `subscribers`.
struct peer_info {
  std::string client;
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t rooms = 0;      // that it holds
  std::uint64_t pending = 0;    // sequence numbers between its cursor and the head
  std::uint64_t delivered = 0;  // events sent
  std::uint64_t lost = 0;       // events told as GAP slow
};

struct connection_counts {
  std::size_t connections = 0;
  std::size_t subscribers = 0;  // of these, those that have subscriptions
};

struct server_counters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;          // over a limit
  std::uint64_t protocol_errors = 0;  // connections ended for one
  std::uint64_t delivered = 0;        // EVENT frames given to the kernel
  std::uint64_t lost = 0;             // events told as GAP slow
};

class server {
 public:
  // Binds and listens at once; throws socket_error (listener.hpp) that names the path and the step. A stale socket file
  // that nobody listens on is replaced; one that somebody listens on is an error. `server_name` is WELCOME's `server`.
  // All references outlive the server.
  server(io::context& context, const options& initial, std::string server_name, log::event_log& events,
         request_handler& handler, named_subscribers& named, logger& log);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Accepts and serves until stop(); awaited by the composition root.
  io::task<> run();

  // Says BYE `shutdown` to everyone, drains for at most `drain`, closes and unlinks the socket; then run() returns.
  void stop(std::chrono::milliseconds drain);

  // Makes `status` the current one and sends it to everyone who has subscribed, with the rooms that each may know.
  void publish_status(proto::status status);

  // Gives the connection TRACE frames for so long; `done` is the answer, afterwards.
  void trace(peer_token who, std::chrono::milliseconds time, answer_function done);

  // Sends a TRACE frame to the connections that want such. False: there is none.
  bool publish_trace(const proto::trace& line);

  // Writes what the log has got since the last call to whoever wants it and can take it: one sendmsg per subscriber.
  void flush();

  // `access`: what the changed options have made. The socket stays as it is: another path, mode, owner or group needs
  // another server.
  void reconfigure(options changed, access_rules access);

  // Whether the socket's file is still ours is seen by itself; this looks now. Why nobody can connect; empty: they can.
  std::string look_after_socket();
  [[nodiscard]] std::string socket_trouble() const;

  [[nodiscard]] std::vector<peer_info> peers() const;
  [[nodiscard]] connection_counts counts(const sight& whom) const;
  // Which processes hold which room.
  [[nodiscard]] const room_holders& holders() const;
  [[nodiscard]] server_counters counters() const;
  // From an event's receipt to its last byte's way into a subscriber's socket, of all subscribers of this life.
  [[nodiscard]] latency_histogram latency() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::local
