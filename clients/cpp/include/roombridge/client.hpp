// SPDX-License-Identifier: MIT
// A client with a socket. Blocking use needs three lines:
//
//   roombridge::client client;
//   if (auto made = client.subscribe({.events = {"reservation_update"}}); !made) die(made.error().text);
//   while (auto message = client.next()) std::visit(handler, *message);
//
// It connects by itself, also to a daemon that comes later, and comes back after the daemon's restart: it asks again
// for its subscriptions and rooms, and goes on behind the last message. `closed` and `welcome` messages tell of it, and
// a `gap` of what cannot be had any more. `reconnect = false` leaves all that to the program.
//
// In a poll loop the same object never blocks: make requests with core() and ack(), and drive it like this; with Asio
// it is examples/asio_tail.cpp.
//
//   for (;;) {
//     pollfd entry{client.native_handle(), client.events(), 0};
//     ::poll(&entry, 1, client.timeout_ms());
//     while (auto message = client.try_next()) handle(*message);
//   }
//
// Not thread-safe but for stop(). Nothing here throws but std::bad_alloc.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <roombridge/connection.hpp>
#include <roombridge/messages.hpp>
#include <roombridge/session.hpp>

namespace roombridge {

// $ROOMBRIDGE_SOCKET if it is set and not empty, else /run/roombridge/roombridge.sock.
[[nodiscard]] std::string default_socket_path();

struct client_options {
  std::string socket{};                           // empty: default_socket_path()
  std::string name{};                             // shown to the daemon's operator
  std::string subscriber{};                       // of a named subscriber, see ack(); empty: none
  std::chrono::milliseconds timeout{5000};        // for the daemon's greeting, and for its answer to a request
  bool reconnect = true;                          // come back after an end, with delays from 0.1 to 5 s, and wait for
                                                  // a daemon that is not there
  std::size_t inbox_limit = default_inbox_limit;  // bytes of messages that are kept while a request waits
};

class client {
 public:
  explicit client(client_options options = {});
  ~client();  // an ack() that has not gone out yet goes now, if it can without waiting
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  // One attempt to connect, now; it waits for WELCOME. With `reconnect` there is no need to call it, and after a
  // failure the client goes on trying. Without, it is a new beginning: nothing of an earlier connection is left.
  // Failures: unreachable, not_permitted, timeout, closed, protocol, invalid_argument, stopped.
  [[nodiscard]] std::optional<failure> connect();

  // The same over a connected stream socket, which the client owns from now on; there is no reconnecting then.
  [[nodiscard]] std::optional<failure> connect_over(int fd);

  // Whether the daemon has greeted and not gone; and if not, why.
  [[nodiscard]] bool is_connected() const;
  [[nodiscard]] const failure& last_end() const;

  // What the daemon said in its newest WELCOME.
  [[nodiscard]] const welcome& daemon() const;

  // The place in the daemon's log of the last message that next() or try_next() gave: to be stored, and to begin behind
  // another time. Empty before the first WELCOME.
  [[nodiscard]] const log_position& position() const;

  // Requests that wait for their answer, which takes the options' timeout at most (and the deadline of an emission or a
  // join). What else comes meanwhile is kept for next(), up to `inbox_limit`. Events beyond that are asked for again,
  // over a new connection, when the rest has been taken; where that cannot be (without `reconnect`, within a snapshot)
  // the failure is inbox_full. A failure says in `sent` whether the request may have been carried out; its answer may
  // still come as a message.
  //
  // Subscriptions and rooms are wishes (see session.hpp): with `reconnect` and no daemon there, they are remembered,
  // and these calls succeed at once.
  outcome<request_id> subscribe(const filter& wanted, const beginning& from = {});
  // Changes what a subscription wants, without losing its place: what has not been sent yet is decided by the new
  // filter. The subscription keeps its id here. Refused, it is as it was.
  [[nodiscard]] std::optional<failure> replace(request_id subscription, const filter& wanted);
  [[nodiscard]] std::optional<failure> unsubscribe(request_id subscription);

  // Holds a room until leave(); with `reconnect` on every connection. How it stands: `joined`; `asked` is joined as far
  // as can be known, since the server gives no answers; `waiting` is joined as soon as the daemon is there and
  // authenticated; `joining` waits for the server's answer, for which `deadline` was too short (1 ms to 5 minutes). A
  // failure `refused` says why, perhaps in the server's words.
  outcome<room_state> join(std::string_view room,
                           std::chrono::milliseconds deadline = std::chrono::milliseconds{proto::default_deadline_ms});
  [[nodiscard]] std::optional<failure> leave(std::string_view room);

  // These two need the daemon, and wait for it up to the options' timeout: not_connected. The answer may hold an error:
  // see its ok().
  outcome<answer> emit(const emission& what);
  outcome<answer> call(std::string_view method, std::string_view params = "{}");

  // Of a named subscriber (client_options::subscriber, 1 to 64 bytes without control characters): all up to `position`,
  // or else position(), has been handled. The next connection of this name, also of another process, begins behind
  // that. It does not wait and reads nothing, so it may follow every event; those of 10 ms go out as one. Failures:
  // invalid_argument. A refusal comes as an `answer`.
  [[nodiscard]] std::optional<failure> ack(const std::optional<log_position>& position = std::nullopt);
  // The same, and waits until the position is as safe as the daemon's config lets it be. False: the daemon's journal
  // does not have it (yet), and only its memory does.
  outcome<bool> ack_wait(const std::optional<log_position>& position = std::nullopt);

  // The next message. Nothing: `timeout` passed (0 reads what is there), a signal's handler has run, stop() was called,
  // a stop was requested, or the last `closed` (one without `retry_in`) has been given. So
  //   while (!flag_of_my_handler) if (auto message = client.next()) ...
  // ends when the signal comes while next() waits; stop() in the handler ends it whenever the signal comes.
  [[nodiscard]] std::optional<message> next(std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  [[nodiscard]] std::optional<message> next(const std::stop_token& token,
                                            std::optional<std::chrono::milliseconds> timeout = std::nullopt);

  // Ends every wait of this client, now and later: next() gives nothing, requests fail as `stopped`. May be called from
  // a signal handler and from any thread.
  void stop() noexcept;
  [[nodiscard]] bool is_stopped() const noexcept;

  // For event loops. A message, if one is there or can be read without waiting; it also writes what is to be written,
  // and connects when that is due. Call it until it gives nothing: when native_handle() is ready for events() of
  // poll(), and at the latest after timeout_ms() (as for poll(), -1: no need to). All three may be others after each
  // call; the handle is -1, which poll() passes over, while there is no connection.
  [[nodiscard]] std::optional<message> try_next();
  [[nodiscard]] int native_handle() const;
  [[nodiscard]] short events() const;
  [[nodiscard]] int timeout_ms() const;

  // For requests whose `answer` is a message of try_next() or next().
  [[nodiscard]] session& core();

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge
