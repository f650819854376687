// SPDX-License-Identifier: MIT
// One local connection (PROTOCOL.md section 3): reads frames, answers them, writes what is pending.
//
// Invariants: nothing is read or written but from serve(), when its turn has come; while its answers wait unread no
// further request is looked at; after end() none is any more, and the connection closes once BYE is out or after a
// short while. The host destroys it after bury().
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/daemon_messages.hpp>
#include <roombridge/proto/frame.hpp>

#include "daemon/base/unique_fd.hpp"
#include "daemon/local/deadline_queue.hpp"
#include "daemon/local/latency_histogram.hpp"
#include "daemon/local/named_subscribers.hpp"
#include "daemon/local/peer_host.hpp"
#include "daemon/local/peer_output.hpp"
#include "daemon/local/turns.hpp"
#include "daemon/local/user_account.hpp"

namespace roombridge::local {

// Why a connection ends, as BYE says it.
enum class end_reason {
  shutdown,
  protocol_error,
  hello_timeout,
  ping_timeout,
  subscriber_in_use,
  too_slow,
  buffer_exceeded,
  too_many_connections
};
[[nodiscard]] proto::bye bye_for(end_reason reason, std::string text);

// Reads away what a client has sent and nobody will look at: left there, it would make the client see a reset in the
// place of our last words.
void discard_input(int fd, std::span<std::byte> buffer);

class peer final : public turn_member, public deadline_entry, private peer_output::listener {
 public:
  // `fd`: a connected, non-blocking socket. HELLO is expected from now on.
  peer(peer_host& host, peer_token token, unique_fd fd, uid_t uid, pid_t pid, shared_rights may,
       const std::shared_ptr<user_account>& account);

  // What epoll says of the socket; serve() is to follow.
  void on_socket(std::uint32_t events);
  void on_deadline() override;
  // Handles requests that have come and writes what is pending, as far as the work is allowed; asks the host for the
  // next turn if there is more.
  void serve(log::work& allowed);

  void answer(std::uint64_t id, local::answer what);
  void set_status(const shared_frame& status);
  // Whole frames that may be left out when so much is unread that they would be in the way of others. False: they are.
  [[nodiscard]] bool show(std::string_view frames);
  // The config has changed: ends subscriptions and lets go of rooms that are not allowed any more.
  void set_rights(shared_rights may);
  // It has asked for room, and others of its user may have let go of some.
  void offer_room() {
    if (output_.has_room()) {
      output_.on_room();
    } else {
      host_.wait_for_room(*this);
    }
  }
  // To be called after whatever may have made it hold more: at a turn's end it could be too much by far. False: its
  // user holds no more than it may.
  bool keep_to_budget();
  // The config has changed: when to ping next.
  void plan_ping();

  // Says BYE, then closes.
  void end(end_reason reason, std::string text);
  // Closes without a word.
  void close();

  [[nodiscard]] peer_token token() const { return token_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] uid_t uid() const { return uid_; }
  [[nodiscard]] bool ending() const { return state_ >= state::ending; }
  [[nodiscard]] bool subscribed_ever() const { return subscribed_ever_; }
  // Of what all users share.
  [[nodiscard]] share_holder share() const { return {uid_, may_->control()}; }
  [[nodiscard]] const shared_rights& may() const { return may_; }
  [[nodiscard]] std::size_t held() const {
    return held_.amount() + collected_.amount() + filters_.amount() + requests_.amount();  // bytes, charged to its user
  }
  [[nodiscard]] const user_account& account() const { return held_.account(); }
  [[nodiscard]] peer_info info() const;
  // From receipt to the socket, of the events that came while it was there; null: there were none.
  [[nodiscard]] const latency_histogram* latency() const { return latency_.get(); }
  [[nodiscard]] bool holds(const std::string& room) const { return rooms_.contains(room); }

 private:
  enum class state : std::uint8_t { hello, open, ending, closed };

  void on_output_pending() override;
  void on_output_lost() override;
  void on_output_waits_for_room() override { host_.wait_for_room(*this); }
  void on_output_delivered(std::span<const log::arrival> events) override;
  void end_too_slow();

  void handle(const proto::frame& frame);
  void handle_hello(const proto::frame& frame);
  void handle_subscribe(const proto::frame& frame);
  [[nodiscard]] std::optional<std::string> fault_of(const proto::subscribe& request) const;
  [[nodiscard]] bool accept_subscription(const proto::subscribe& request, const log::subscription& wanted);
  void add_subscription(const proto::subscribe& request, log::subscription wanted);
  void open_stream(const proto::subscribe& request);
  [[nodiscard]] std::optional<proto::gap> missing_since(const proto::log_position& since) const;
  void handle_unsubscribe(const proto::frame& frame);
  void refuse_unknown(std::uint64_t id, std::uint64_t subscription);
  [[nodiscard]] std::optional<std::string> one_too_many(const proto::subscribe& request,
                                                        const log::subscription& wanted) const;
  void handle_join(const proto::frame& frame);
  void handle_leave(const proto::frame& frame);
  void handle_emit(const proto::frame& frame);
  void handle_call(const proto::frame& frame);
  void handle_ack(const proto::frame& frame);
  void handle_ping(const proto::frame& frame);
  void handle_pong(const proto::frame& frame);

  template <class Message>
  bool push(const Message& message, std::span<const std::byte> payload = {}) {
    return ending() || output_.push(Message::type, proto::encode_head(message), payload);
  }
  void succeed(std::uint64_t id);
  void refuse(std::uint64_t id, proto::error_code code, std::string text);
  void reject(const proto::parse_error& error);
  [[nodiscard]] bool accept_id(std::uint64_t id);
  [[nodiscard]] bool open_request(std::uint64_t id);
  [[nodiscard]] bool within_rate(std::uint64_t id);
  [[nodiscard]] bool take_name(std::string name);
  void release_name();
  [[nodiscard]] std::optional<proto::log_position> kept_position() const;
  [[nodiscard]] std::optional<std::string> objection_to_name() const;
  void register_name(const proto::log_position& from);
  // Whose programs it may know of.
  [[nodiscard]] sight sees() const { return may_->control() ? std::nullopt : sight{uid_}; }
  void list_named(std::uint64_t id);
  void remove_named(std::uint64_t id, std::string_view params);
  void revoke_subscriptions(bool all);
  void revoke_rooms();
  void charge_subscriptions();
  void charge_requests();
  void let_go_of(const std::string& room);
  void release_room_of(std::uint64_t join);
  template <class Request>
  void hand_over(std::uint64_t id, const Request& request);
  void fail(proto::error_code code, std::string text, end_reason reason = end_reason::protocol_error);
  void send_ping();
  void bound_socket();
  void release_input();
  void read(log::work& allowed);
  [[nodiscard]] bool receive(log::work& allowed);
  void handle_next(const proto::frame& frame, log::work& allowed);
  void report_bad_header();
  void write(log::work& allowed);
  void go_on();
  [[nodiscard]] bool held_back() const;
  [[nodiscard]] bool holds_much() const;
  [[nodiscard]] std::size_t room_for_requests() const;

  peer_host& host_;
  const peer_token token_;
  unique_fd fd_;
  const uid_t uid_;
  const pid_t pid_;
  shared_rights may_;
  state state_ = state::hello;
  bool subscribed_ever_ = false;
  bool too_slow_ = false;  // for its policy: it is about to be ended
  proto::slow_policy slow_ = proto::slow_policy::gap;
  bool snapshot_ = false;                      // the stream, when it begins, begins with one
  std::optional<log::sequence> replay_after_;  // subscribed, and further subscriptions are awaited: where all begin
  bool reading_ = false;                       // a frame of decoder_ may be in use
  bool serving_ = false;                       // serve() asks for the next turn itself
  bool readable_ = false;                      // there may be something to read
  bool gone_ = false;                          // the client has closed: nobody reads what goes out
  bool blocked_ = false;                       // the socket takes nothing at present
  std::uint32_t watched_;                      // what the host waits for with this socket
  bool ping_open_ = false;                     // a PING of ours waits for its PONG
  std::uint64_t ping_id_ = 0;
  proto::emit_outcome refused_as_ =
      proto::emit_outcome::none;  // what a refusal of the present frame says of its outcome
  charge held_;                   // outgoing bytes
  charge collected_;              // of a frame that has come in part
  charge filters_;                // subscriptions
  charge requests_;               // that wait for their answer
  charge socket_;                 // what the kernel may keep of what goes out
  charge connection_;
  charge subscriptions_;
  charge subscribed_;
  charge rooms_held_;
  proto::frame_decoder decoder_{proto::max_body_before_hello};
  peer_output output_;
  std::unique_ptr<latency_histogram> latency_;
  std::string client_;
  std::optional<subscriber_key> name_;          // that it has
  std::vector<std::uint64_t> open_;             // requests that wait for their answer
  std::map<std::string, std::uint64_t> rooms_;  // that it holds, each with the JOIN that took it
};

}  // namespace roombridge::local
