// SPDX-License-Identifier: MIT
// Connection state recovery: what to ask the server for after an outage, the events that come before the server's
// answer to CONNECT, and the offsets in between. Pure.
//
// What comes before that answer is either what was missed, sent again before the server says that it grants it, or what
// a server's connect handler emits, before its answer goes out. Which of them it was is known with the answer.
//
// Invariants: a pid is asked for only with the token it was got with, or one known to be the same user's; what comes
// early is held, at most held_count events and held_bytes, until the server has answered; arguments are handed on
// without the offset.
//
// A server that recovers us before it has noticed the old connection's end drops that later, and our rooms with it: a
// connection that is authenticated and deaf. It can recover what it has seen end, and socket.io's in-memory adapter
// goes on being able to for `memory` from then on, also when it has recovered it once (the adapters for Redis streams
// and MongoDB forget it with that). So a pid that was never recovered may be asked for after whatever the network did,
// at worst in vain; one that was, where the server has certainly noticed, or when its memory of the former end is over.
// The former end was before it recovered us. Else the pid is forgotten, and what was missed is a gap.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/session/moment.hpp"
#include "daemon/upstream/session/offset.hpp"
#include "daemon/upstream/wire/json_text.hpp"
#include "daemon/upstream/wire/padded_buffer.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream {

// What a later life of the daemon needs to ask for it.
struct saved_recovery {
  std::string pid;
  std::string offset;
  std::string user;
  std::string token_digest;  // see token_digest()
  static constexpr std::chrono::sys_time<std::chrono::microseconds> any_time{};
  std::chrono::sys_time<std::chrono::microseconds> not_before = any_time;  // it may be asked for then, and later
  bool operator==(const saved_recovery&) const = default;
};

struct recovery_counters {
  std::uint64_t recovered = 0;  // connections that the server recovered, with all that was missed
  std::uint64_t failed = 0;     // those for which it was asked in vain, or which gave more than could be held
};

class recovery {
 public:
  static constexpr std::size_t held_count = 16'384;
  static constexpr std::size_t held_bytes = 16u << 20;
  static constexpr std::size_t pid_limit = 256;  // bytes; a longer one is not remembered

  using time_point = std::chrono::steady_clock::time_point;

  // `memory`: how long the server can recover what it has seen end; it counts from the next recovery on.
  explicit recovery(std::chrono::milliseconds memory) : memory_(memory) {}
  void configure(std::chrono::milliseconds memory) { memory_ = memory; }

  // A connection's CONNECT is about to be sent: adds `pid` and `offset` where there is something to recover. `user`:
  // who will be logged in, where that is known. False: there was something, but the token may be another user's.
  [[nodiscard]] bool ask(std::string_view token, const std::optional<std::string>& user, json_fields& payload,
                         time_point now);
  // The server's answer to it.
  void on_reply(const std::optional<std::string>& pid, time_point now);
  // The authentication succeeded. False: this connection was recovered and belongs to another user, whose rooms it has.
  [[nodiscard]] bool on_authenticated(std::string_view user, std::string_view token);
  // The connection has ended, or the attempt at one.
  void on_end(cause why);
  // The token was refused: whatever is missed until the next authentication cannot be recovered.
  void on_refused();
  // Nothing is to be recovered from what was so far: a logout, another server.
  void forget();

  // The server has closed the connection in its turn after on_end(cause::shutdown): it has noticed.
  void on_close_answered() { unnoticed_ = false; }
  // What can be asked for after a stop, if anything; and that of an earlier life, before the first connection.
  [[nodiscard]] std::optional<saved_recovery> saved(time_point now) const;
  void restore(saved_recovery from);
  // What a life after a crash of this one could ask for, that of this authenticated connection; its offset is that of
  // the last event, or empty. Where the server remembers a former end of this session, not before it forgets that:
  // whether it notices the end of the daemon's machine at once, nobody knows.
  [[nodiscard]] std::optional<saved_recovery> running(moment at) const;
  [[nodiscard]] std::string_view offset() const { return offset_; }

  // Everything since the last authenticated session has been got; true once for a connection.
  [[nodiscard]] bool take_complete();

  // Events are to be given to hold(), not delivered.
  [[nodiscard]] bool holding() const { return holding_; }
  void hold(const socketio::packet& packet, std::span<const std::span<const std::byte>> attachments);

  struct held_event {
    std::string data;
    std::optional<std::uint64_t> ack;  // the id of the one that it wants
    std::vector<std::vector<std::byte>> attachments;
  };
  // What came before the server's answer and is new to us, in order; nothing before that answer.
  [[nodiscard]] std::vector<held_event> take_held();
  // It was more than could be held, and is lost.
  [[nodiscard]] bool overflowed() const { return overflow_; }

  // An event's data without the offset, which is remembered. The view, and read_padding readable bytes behind it, live
  // until the next call, if behind `data` there are such.
  [[nodiscard]] std::string_view strip(std::string_view data, bool wants_ack);

  // What strip() returned last has been taken.
  void erase_stripped() { stripped_.clear(); }

  [[nodiscard]] bool offered() const { return offered_; }
  // This connection was.
  [[nodiscard]] bool recovered() const { return recovered_; }
  [[nodiscard]] const recovery_counters& counters() const { return counters_; }

 private:
  void drop_held();
  [[nodiscard]] bool may_deafen(time_point now) const { return unnoticed_ && forgotten_at_ && now < *forgotten_at_; }

  std::chrono::milliseconds memory_;
  std::string pid_;     // empty: nothing to recover
  std::string offset_;  // of the last event
  offset_shape shape_ = offset_shape::unseen;
  std::string user_;          // whose the pid is
  std::string token_digest_;  // of the token with which that user was authenticated

  bool confirmed_ = false;                  // the pid stands for an authenticated session
  bool unnoticed_ = false;                  // the server may not know of that session's end
  std::optional<time_point> forgotten_at_;  // when it forgets the former end; nothing: it has recovered none
  bool offered_ = false;                    // on this connection
  bool holding_ = false;                    // CONNECT is sent and not yet answered
  bool asked_ = false;                      // and asks for the pid
  bool recovered_ = false;                  // this connection
  bool complete_ = false;
  bool overflow_ = false;
  std::string asked_offset_;
  std::vector<held_event> held_;
  std::size_t held_size_ = 0;
  padded_buffer stripped_;
  recovery_counters counters_;
};

}  // namespace roombridge::upstream
