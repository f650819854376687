// SPDX-License-Identifier: MIT
// A client with a socket. Blocking use needs four lines:
//
//   roombridge::client client;
//   if (auto failed = client.connect()) die(failed->text);
//   if (auto made = client.subscribe({.events = {"reservation_update"}}); !made) die(made.error().text);
//   while (auto message = client.next()) std::visit(handler, *message);
//
// In an event loop (Asio, epoll, glib) the same object never blocks: make requests with core(), and drive it like this;
// the whole program is examples/asio_tail.cpp.
//
//   asio::posix::stream_descriptor socket{context, client.native_handle()};  // release() before the client goes
//   socket.async_wait(socket.wait_read, [&](auto) {
//     client.on_readable();
//     while (auto message = client.try_next()) handle(*message);
//     wait_again();
//   });
//   if (client.wants_write()) socket.async_wait(socket.wait_write, [&](auto) { client.on_writable(); });
//
// Not thread-safe. Nothing here throws but std::bad_alloc.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <roombridge/connection.hpp>
#include <roombridge/messages.hpp>

namespace roombridge {

// $ROOMBRIDGE_SOCKET if it is set and not empty, else /run/roombridge/roombridge.sock.
[[nodiscard]] std::string default_socket_path();

struct client_options {
  std::string socket{};                     // empty: default_socket_path()
  std::string name{};                       // shown to the daemon's operator
  std::string subscriber{};                 // of a named subscriber, see ack(); empty: none
  std::chrono::milliseconds timeout{5000};  // for connecting, and for the daemon's answer to a request
  bool reconnect = false;  // next() connects again after the end, with delays from 250 ms to 5 s, subscribes and
                           // joins again, and goes on behind the last message that it gave
};

class client {
 public:
  explicit client(client_options options = {});
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  // Connects and waits for WELCOME. Failures: unreachable, not_permitted, timeout, closed, protocol.
  [[nodiscard]] std::optional<failure> connect();

  // The same over a connected stream socket, which the client owns from now on.
  [[nodiscard]] std::optional<failure> connect_over(int fd);

  // What the daemon said in WELCOME. Precondition: connected once.
  [[nodiscard]] const welcome& daemon() const;

  // The place in the daemon's log of the last message that next() or try_next() gave: to be stored, and to begin behind
  // another time. Precondition: connected once.
  [[nodiscard]] const log_position& position() const;

  // Requests that wait for their answer, which takes the options' timeout at most (and the deadline of an
  // emission or a join). What
  // else comes meanwhile is kept for next().
  outcome<request_id> subscribe(const filter& wanted, const beginning& from = {});
  // Changes what a subscription wants, without losing its place: what has not been sent yet is decided by the new
  // filter. The subscription keeps its id here. Refused, it is as it was.
  [[nodiscard]] std::optional<failure> replace(request_id subscription, const filter& wanted);
  // Of a named subscriber (client_options::subscriber, 1 to 64 bytes without control characters): all up to `position`,
  // or else position(), has been handled. The next connection of this name, also of another process, begins behind
  // that. False: the daemon's journal does not have it (yet), and only its memory does.
  outcome<bool> ack(const std::optional<log_position>& position = std::nullopt);
  [[nodiscard]] std::optional<failure> unsubscribe(request_id subscription);

  // Holds a room until leave() or the end of the connection; with `reconnect` it is held again afterwards. How it
  // stands: `waiting` is joined as soon as the daemon is authenticated; `joining` waits for the server's answer, for
  // which `deadline` was too short (1 ms to 5 minutes). A failure `refused` says why, perhaps in the server's words.
  outcome<room_state> join(std::string_view room,
                           std::chrono::milliseconds deadline = std::chrono::milliseconds{proto::default_deadline_ms});
  [[nodiscard]] std::optional<failure> leave(std::string_view room);

  // The answer may hold an error: see its ok(). A failure is one of this side or of the connection; an emit may have
  // happened then.
  outcome<answer> emit(const emission& what);
  outcome<answer> call(std::string_view method, std::string_view params = "{}");

  // The next message. Nothing: `timeout` passed; 0 reads what is there. Without a timeout it waits for ever. The end of
  // the connection is a `closed` message; after it, without `reconnect`, every call gives `closed` again. With
  // `reconnect` a new connection begins with a `welcome`; an attempt to connect may go on until 100 ms after its begin
  // when `timeout` passes before.
  [[nodiscard]] std::optional<message> next(std::optional<std::chrono::milliseconds> timeout = std::nullopt);

  // For event loops: the descriptor, and what to do when it is ready, which never blocks. The descriptor is -1 before
  // connect(); after the end it stays open, shut down, until the next connect() or the client's destruction.
  [[nodiscard]] int native_handle() const;
  void on_readable();
  void on_writable();
  [[nodiscard]] bool wants_write() const;

  // A message that is there already; reads nothing.
  [[nodiscard]] std::optional<message> try_next();

  // For requests whose `answer` is taken with try_next() or next(). Call on_writable() afterwards.
  [[nodiscard]] connection& core();

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge
