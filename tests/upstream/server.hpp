// SPDX-License-Identifier: MIT
// The test upstream: a small booking backend that speaks Socket.IO 4 (Engine.IO 4 over WebSocket; no polling). Tests,
// the demo and the benchmarks drive it through this class. One thread: construct, call and destroy it on the
// io_context's thread (or while that does not run).
//
// What it does by itself: `authenticate` {token} → auth_success or auth_error; after it the room user-{userId};
// join_room and leave_room; a reservation_update from a client goes to everyone, the sender too, in
// reservation-{reservationId}, shop-{shopId} and user-{userId}; every event that wants an acknowledgement gets one,
// `{"ok":true}` or `{"ok":false,"message":…}`.
//
// With `echo` also what the protocol's public test suite expects of its server: CONNECT's payload comes back as the
// event `auth`, `message` as `message-back`, and `message-with-ack` as its acknowledgement.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "tests/upstream/fault.hpp"
#include "tests/upstream/outgoing.hpp"

namespace test_upstream {

struct session_options {
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds connect_timeout{45'000};  // for the first namespace's CONNECT
  std::size_t max_payload = 1'000'000;                // announced; the listener enforces it
};

struct server_options {
  std::uint16_t port = 0;  // 0: a free one
  session_options session;
  std::map<std::string, std::string, std::less<>> tokens;  // token → user id
  std::set<std::string, std::less<>> namespaces{"/"};
  bool echo = false;  // behave as the Socket.IO protocol's test suite wants, too
};

// What a client did, told as it happens. Views live for the call.
struct report {
  enum class kind {
    connected,      // joined the namespace `name`
    refused,        // was refused: a namespace, a token or a room; `name` says which, `text` why
    authenticated,  // as `name`
    joined,         // the room `name`
    left,           // the room `name`
    event,          // sent the event `name` with the arguments `text` (JSON array)
    acked,          // answered emit_with_ack with `text` (JSON array)
    struck,         // met the fault `text` at the step `name`; client 0: before its WebSocket stood
    disconnected,   // `text` says why
  };
  kind what{};
  std::uint64_t client = 0;
  std::string_view name;
  std::string_view text;
  std::span<const std::string> attachments;
};
[[nodiscard]] std::string_view to_string(report::kind value);

class server {
 public:
  using report_function = std::function<void(const report&)>;

  // Listens on 127.0.0.1. Throws boost::system::system_error when it cannot.
  server(boost::asio::io_context& context, server_options options, report_function on_report);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  // Sends an event once to every client that is in any of `rooms` of the event's namespace; no rooms: to all in the
  // namespace. Returns to how many.
  std::size_t emit(const outgoing& what, std::span<const std::string> rooms = {});

  // Sends an event that wants an acknowledgement to every client of the namespace; the answers come as reports. Returns
  // to how many.
  std::size_t emit_with_ack(outgoing what);

  // Sends a text message to every client as it is: what a faulty server would.
  void send_text(std::string_view message);

  // For benchmarks: writes pre-encoded WebSocket frames (text_frame) to one client's TCP socket as fast as it takes
  // them. `bytes` must live until `done`, which is the back-pressure. False: no such client, and `done` is never
  // called.
  [[nodiscard]] bool send_frames(std::uint64_t client, std::span<const std::byte> bytes,
                                 std::function<void(bool ok)> done);

  void kick_all();  // DISCONNECT of the namespace "/", then a close
  void drop_all();  // cuts every TCP connection
  // From now on this fault happens; nothing: none any more.
  void disturb(std::optional<fault> what);
  // New connections are answered with this HTTP status; nothing: accepted again. Those that stand are left alone.
  void refuse(std::optional<unsigned> http_status);

  [[nodiscard]] std::size_t clients() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace test_upstream
