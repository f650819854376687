// SPDX-License-Identifier: MIT
// The protocol without I/O: bytes in, messages out; requests in, bytes out. No clock, no socket, no thread.
//
// One object is one connection; what lasts over several is session.hpp. It begins with HELLO in output(). PINGs are
// answered by themselves. After a `closed` message it takes nothing more.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <roombridge/messages.hpp>
#include <roombridge/proto/frame.hpp>

namespace roombridge {

class connection {
 public:
  // `name` is shown to the daemon's operator; cut to 64 bytes. The first request's id is the one after `last_id`.
  // `subscriber`: the name under which the daemon keeps a position for this user; empty: none.
  explicit connection(std::string_view name = {}, request_id last_id = 0, std::string_view subscriber = {});

  // What came from the socket, in pieces of any size. Messages made of it are taken with next().
  void receive(std::span<const std::byte> bytes);

  // The socket ended or failed: next() will give `closed`. `text` says how, e.g. the system's error.
  void receive_end(std::string_view text);

  // The oldest message not taken yet.
  [[nodiscard]] std::optional<message> next();

  // What is to be written to the socket; tell how much was with sent(). The view lives until the next call of any other
  // function.
  [[nodiscard]] std::string_view output() const { return std::string_view{output_}.substr(sent_); }
  void sent(std::size_t bytes);

  // Requests. Each appends to output() and returns the id that its `answer` will have. A request may be made before the
  // daemon's WELCOME. Failures: invalid_argument, not_connected (after `closed`).
  outcome<request_id> subscribe(const filter& wanted, const beginning& from = {});
  // The new subscription takes the place of `subscription`, whose id ends with it: see client::replace().
  outcome<request_id> replace(request_id subscription, const filter& wanted);
  outcome<request_id> unsubscribe(request_id subscription);
  outcome<request_id> join(std::string_view room,
                           std::chrono::milliseconds deadline = std::chrono::milliseconds{proto::default_deadline_ms});
  outcome<request_id> leave(std::string_view room);
  outcome<request_id> ack(const log_position& position);
  outcome<request_id> emit(const emission& what);
  outcome<request_id> call(std::string_view method, std::string_view params = "{}");  // params: a JSON object

  // Of the newest request.
  [[nodiscard]] request_id last_id() const { return last_id_; }

  // Whether WELCOME has come, and whether it is over.
  [[nodiscard]] bool welcomed() const { return welcomed_; }
  [[nodiscard]] bool is_closed() const { return closed_; }

 private:
  void on_frame(const proto::frame& frame);
  void on_welcome(const proto::frame& frame);
  void on_event(const proto::frame& frame);
  void on_result(const proto::frame& frame);
  void on_ping(const proto::frame& frame);
  void on_bye(const proto::frame& frame);
  template <class Message>
  void pass_on(const proto::frame& frame);
  template <class Message>
  outcome<request_id> request(Message value, std::string_view payload = {});
  void violation(std::string_view what, std::string_view why);
  void close(closed how);

  proto::frame_decoder decoder_;
  std::deque<message> messages_;
  std::string output_;
  std::size_t sent_ = 0;
  request_id last_id_;
  bool welcomed_ = false;
  bool closed_ = false;
  std::optional<bye> bye_;
};

}  // namespace roombridge
