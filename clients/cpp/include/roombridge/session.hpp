// SPDX-License-Identifier: MIT
// What a program wants of the daemon, across all of its connections, without I/O: subscriptions and rooms that are
// asked for at each connection, the position to go on from, acknowledgements, the messages not taken yet, and when to
// connect. Of what happens on one connection it makes use of connection.hpp. Time is an argument, chance a seed.
//
// client.hpp gives it a socket. A program with another kind of socket does the same: begin() when one is connected,
// receive() and output() for its bytes, tick() when due() has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <roombridge/connection.hpp>
#include <roombridge/messages.hpp>

namespace roombridge {

inline constexpr std::size_t default_inbox_limit = std::size_t{64} << 20;  // bytes

struct session_options {
  std::string name{};
  std::string subscriber{};
  std::chrono::milliseconds timeout{5000};        // for WELCOME
  bool reconnect = true;                          // come back after an end, and wait for a daemon that is not there
  std::size_t inbox_limit = default_inbox_limit;  // bytes
  std::uint32_t seed = std::minstd_rand::default_seed;  // of the delays' jitter
};

class session {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit session(session_options options);

  // Requests: each returns the id that its `answer` will have among the messages. With `reconnect` a subscription and a
  // room are wishes: made without a connection they are remembered, and every new connection asks for them. Such an
  // asking is answered by no message; a refusal of it is a protocol_error that names the subscription or the room, and
  // the wish stays. After a `closed` message no answer comes any more to what was asked before. Failures:
  // invalid_argument, not_connected.
  outcome<request_id> subscribe(const filter& wanted, const beginning& from = {});
  outcome<request_id> replace(request_id subscription, const filter& wanted);
  outcome<request_id> unsubscribe(request_id subscription);
  outcome<request_id> join(std::string_view room,
                           std::chrono::milliseconds deadline = std::chrono::milliseconds{proto::default_deadline_ms});
  outcome<request_id> leave(std::string_view room);
  outcome<request_id> emit(const emission& what);
  outcome<request_id> call(std::string_view method, std::string_view params = "{}");

  // Of a named subscriber: all up to `position`, or else position(), has been handled. It goes out with the next
  // tick(), and those of a short time as one; without a connection, with the next one. No answer comes but a refusal.
  // position() is not acknowledged before a subscription has been granted.
  [[nodiscard]] std::optional<failure> ack(const std::optional<log_position>& position = std::nullopt);
  // The same at once, and with an answer.
  outcome<request_id> ack_wait(const std::optional<log_position>& position = std::nullopt);

  // The oldest message not taken yet; and the place in the daemon's log of the last one that was taken.
  [[nodiscard]] std::optional<message> next();
  [[nodiscard]] bool has_message() const { return !inbox_.empty(); }
  [[nodiscard]] const log_position& position() const { return position_; }

  // The answer to this request is kept for take_answer(), and is no message. One at a time.
  void await(request_id request);
  [[nodiscard]] std::optional<answer> take_answer();
  [[nodiscard]] bool is_awaiting() const { return awaited_.has_value(); }  // false also when its connection is over
  void await_no_more() { awaited_.reset(); }

  // For who drives it. An attempt to connect: when it is due, and how it went. `sensible`: trying again makes sense.
  void demand_attempt(time_point now);  // now, whatever was before
  [[nodiscard]] bool attempt_is_due(time_point now) const { return attempt_at_ && *attempt_at_ <= now; }
  void begin(time_point now);
  void attempt_failed(const failure& why, bool sensible, time_point now);
  // Bytes, both ways. The view lives until the next call of any other function.
  void receive(std::span<const std::byte> bytes, time_point now);
  void receive_end(std::string_view text, time_point now);
  [[nodiscard]] std::string_view output() const { return core_ ? core_->output() : std::string_view{}; }
  void sent(std::size_t bytes) { core_->sent(bytes); }
  // Whether to read. A full inbox wants nothing more behind WELCOME until some is taken; but while an answer is
  // awaited, what is beyond `inbox_limit` is cut off, where it can be asked for again: not within a snapshot, and not
  // without `reconnect`.
  [[nodiscard]] bool wants_bytes() const {
    return is_open() && (!core_->welcomed() || !inbox_is_full() || cut_ || (awaited_ && can_cut()));
  }
  [[nodiscard]] bool inbox_bars_answers() const { return inbox_is_full() && !cut_ && !can_cut(); }
  // All has been taken up to the cut: this connection is to be renewed. Call renew(), write what output() has, and end
  // the writing side of the socket. The daemon ends the other one, and the next attempt is due at once. No message
  // tells of it.
  [[nodiscard]] bool wants_renewal() const;
  void renew(time_point now);
  // What has become due: WELCOME that did not come, an acknowledgement. When it is to be called again at the latest.
  void tick(time_point now);
  [[nodiscard]] std::optional<time_point> due() const;
  // A program that ends: its last acknowledgement is due now.
  void finish();

  [[nodiscard]] bool is_open() const { return core_ && !core_->is_closed(); }  // there is a socket
  [[nodiscard]] bool is_connected() const {
    return is_open() && core_->welcomed() && !renewing_;
  }                                                                          // and the daemon has greeted
  [[nodiscard]] bool is_over() const { return !is_open() && !attempt_at_; }  // nothing more will come
  void forget(request_id subscription) { subscriptions_.erase(subscription); }
  // Why there is no connection.
  [[nodiscard]] const failure& last_end() const { return last_end_; }
  // The newest WELCOME.
  [[nodiscard]] const welcome& daemon() const { return daemon_; }

 private:
  struct wish {
    filter wanted;
    beginning from;
    request_id current = 0;  // its id on this connection
    bool refused = false;    // when it was asked for again: next time it comes last
  };
  struct asked {
    request_id subscription = 0;       // that it is about
    std::optional<filter> replaced{};  // by this one
    std::string room{};
    bool ack = false;
    bool again = false;   // at a new connection: the program expects no answer
    bool begins = false;  // the first one there, which says where the stream begins
  };
  struct kept {
    message what;
    std::optional<log_position> begins;  // the position that holds before it
  };

  [[nodiscard]] bool inbox_is_full() const { return inbox_bytes_ > options_.inbox_limit; }
  [[nodiscard]] bool can_cut() const { return options_.reconnect && begun_ && !snapshot_; }
  [[nodiscard]] failure not_connected() const;
  [[nodiscard]] request_id current(request_id made) const;
  outcome<request_id> noted(const outcome<request_id>& request, asked what);
  [[nodiscard]] std::optional<failure> ack_fault(const log_position& position) const;
  void ask_for_all();
  void send_ack(time_point now);
  void take_in(message got, time_point now);
  void on_welcome(const welcome& greeting, time_point now);
  void on_answer(answer got);
  void settle(const asked& what, const answer& got);
  void on_error(protocol_error got);
  void on_end(const closed& how, time_point now);
  void end(const failure& why, bool sensible, time_point now);
  void begin_at(log_position position);
  [[nodiscard]] log_position beginning_place() const;
  void keep(message what);

  const session_options options_;
  std::minstd_rand random_;
  std::optional<connection> core_;
  request_id last_id_ = 0;
  welcome daemon_;

  std::map<request_id, wish> subscriptions_;
  std::set<std::string, std::less<>> rooms_;
  std::optional<log_position> since_;  // that the first subscription was to begin behind
  slow_policy slow_ = slow_policy::gap;
  bool snapshot_ = false;  // it was asked for, and has not come to its end
  bool more_ = false;      // the program has said that another subscription follows
  bool begun_ = false;     // a subscription has been granted: there is a stream to go on with
  std::map<request_id, asked> open_;

  std::optional<request_id> awaited_;
  std::optional<answer> answer_;

  std::deque<kept> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool led_astray_ = false;  // the request that was to say where the stream begins was refused
  bool cut_ = false;         // it was full: of what came behind it nothing was kept that has a place in the log
  bool renewing_ = false;    // its writing side has been ended, or the next connection has not greeted yet
  std::size_t placed_ = 0;   // messages in it that have a place in the log
  std::optional<log_position> begins_;  // of the next one to be kept
  log_position received_;               // of the last one that came
  log_position position_;               // of the last one that was taken

  std::optional<log_position> ack_wanted_;
  log_position acked_;
  time_point ack_at_{};  // when the next one may go out
  std::size_t open_acks_ = 0;

  std::optional<time_point> attempt_at_;
  time_point greet_by_{};
  time_point up_since_{};
  std::chrono::milliseconds delay_;
  failure last_end_;
  std::string told_;  // the last end's text, if the program has it and nothing has come since
};

}  // namespace roombridge
