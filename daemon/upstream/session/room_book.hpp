// SPDX-License-Identifier: MIT
// The rooms of the session: which are wanted (declared, the user's own, held by local programs), how each stands, and
// who waits for the server's answer. Pure: the session sends what it says.
//
// Invariants: a room is asked for at most once in an authenticated session, unless the server refused it and somebody
// wants it anew; every wait() ends in exactly one answer; where the server may have put us in a room that is not wanted
// any more, to_leave() names it, also in a later session over the same or a recovered connection. An answer that does
// not come is asked for again, ever more seldom.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/upstream/room_name.hpp"
#include "daemon/upstream/session/moment.hpp"
#include "daemon/upstream/session/room_holds.hpp"

namespace roombridge::upstream {

enum class room_state {
  waiting,  // for an authenticated session
  joining,  // asked for, and the server has to answer
  asked,    // likewise, and the server gives no answers: it counts as joined
  joined,   // the server has said so
  refused,  // in this authenticated session
};
[[nodiscard]] std::string_view to_string(room_state state);
// Its events come, as far as anybody can know.
[[nodiscard]] bool counts_as_joined(room_state state);

struct room_status {
  room_name room;
  room_state state = room_state::waiting;
  std::string text;                                              // refused: why; joining: that the answer is late
  bool fixed = false;                                            // declared, or the user's own
  std::size_t holders = 0;                                       // local programs
  std::optional<std::chrono::system_clock::time_point> since{};  // of the state; nothing while `waiting`
};

class room_book {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t max_waiters = 1024;
  // How long the server's answer may take; doubled with every time that the room is asked for in vain.
  static constexpr std::chrono::seconds first_patience{10};
  static constexpr std::chrono::seconds longest_patience{300};

  // The rooms to be in whoever holds them, in the order in which they are asked for.
  void set_fixed(std::vector<room_name> rooms);

  // False: it would be a room too many for this user. A room that the server refused is wanted anew.
  [[nodiscard]] bool hold(room_holder who, const std::string& room, share_holder user = {});
  [[nodiscard]] const fair_shares& shares() const { return holds_.shares(); }
  // False: `who` does not hold it. What it still waited for is answered. `linger`: as room_holds::release, from `now`;
  // a room that was not asked for has no reason to.
  bool release(room_holder who, const std::string& room, time_point now, std::chrono::milliseconds linger);

  // What is to be sent now: rooms to leave first, to be forgotten by that, then rooms to ask for; each of these is to
  // be followed by asked() or refuse().
  [[nodiscard]] std::vector<room_name> to_leave();
  [[nodiscard]] std::vector<room_name> to_join() const;

  // `ack`: of the answer that decides; nothing: none will come.
  void asked(const room_name& room, std::optional<std::uint64_t> ack, moment at);
  void refuse(const room_name& room, std::string why, moment at);
  // The room that this acknowledgement is about; null: about none. It lives until the next call.
  [[nodiscard]] const room_name* of_ack(std::uint64_t ack) const;
  void confirm(const room_name& room, moment at);

  // A new authenticated session begins over this connection: every wanted room is to be asked for.
  void ask_again();
  // The authenticated session has ended: every room waits for the next one, and none lingers.
  void end_session();
  // A connection on which the server has put us into no room.
  void forget_presence() { present_.clear(); }
  // All that the server may have put us in; afterwards everything wanted is to be asked for.
  [[nodiscard]] std::vector<room_name> leave_all();

  // The answer comes as soon as the server's does, at the latest at the deadline. Nothing: the room is not `joining`,
  // or max_waiters wait already.
  [[nodiscard]] std::optional<std::uint64_t> wait(room_holder who, const std::string& room, time_point deadline);
  struct answer {
    std::uint64_t waiter;
    room_state state;
    std::string text;  // refused: why; the waiter holds the room no more
  };
  [[nodiscard]] std::vector<answer> take_answers() { return std::exchange(answers_, {}); }

  // The rooms whose first answer has not come in time. Those that are to be asked for again are in to_join().
  [[nodiscard]] std::vector<room_name> expire(time_point now);
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  [[nodiscard]] room_status of(const room_name& room) const;
  // The fixed ones, then the others by name.
  [[nodiscard]] std::vector<room_status> all() const;
  // Whether an answer of the server is still to come.
  [[nodiscard]] bool joining() const { return !acks_.empty(); }
  // Of those that are not refused.
  [[nodiscard]] std::size_t count() const;
  // Whether a room has become `asked` or `joined`, or has ceased to be, since the last call.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }

 private:
  struct asked_room {
    room_state state;
    std::string text;
    std::optional<std::uint64_t> ack;
    std::chrono::system_clock::time_point since;
    std::chrono::seconds patience{0};  // with the answer
    time_point overdue{};              // when it ends
    bool late = false;                 // it has ended, and the room is to be asked for again
  };
  struct waiter {
    room_holder who;
    std::string room;
    time_point deadline;
  };

  [[nodiscard]] bool wanted(const room_name& room) const {
    return fixed_.contains(room) || (!room.number && holds_.has(room.text));
  }
  void set(const room_name& room, asked_room how);
  void forget(const room_name& room);
  template <class Condition>
  void answer_waiters(const Condition& condition);

  std::vector<room_name> order_;  // of the fixed ones
  std::set<room_name> fixed_;
  room_holds holds_;
  std::map<room_name, asked_room> asked_;  // in this authenticated session
  std::map<std::uint64_t, room_name> acks_;
  std::set<room_name> present_;  // the server may have put us in
  std::map<std::uint64_t, waiter> waiters_;
  std::uint64_t last_waiter_ = 0;
  std::vector<answer> answers_;
  bool changed_ = false;
};

}  // namespace roombridge::upstream
