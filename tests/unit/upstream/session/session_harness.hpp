// SPDX-License-Identifier: MIT
// A healthy server and a clock for the session machine, in memory. It answers every action in order; a test may put one
// fault in the place of one of its answers.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/upstream/session/session.hpp"

namespace roombridge::upstream::test {

class harness {
 public:
  using seconds = std::chrono::seconds;
  using milliseconds = std::chrono::milliseconds;

  // `seed`: of the numbers that the machine is given.
  explicit harness(options settings, std::uint64_t seed = 0);

  session machine;
  std::chrono::steady_clock::time_point now{};
  // The wall clock at `now` zero.
  std::chrono::sys_seconds wall_start = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  std::optional<std::string> token = "good";
  cause without_token = cause::token_missing;
  std::set<std::string> accepted{"good", "better"};  // tokens that the server takes
  std::string answer = R"({"userId":7})";            // auth_success's argument
  bool reachable = true;                             // attempts are not refused on TCP
  bool answers = true;                               // the server answers CONNECT and events
  std::string offers_pid;                            // in the answer to CONNECT

  // What happened.
  std::vector<std::string> sent;          // every text since the connection opened
  std::vector<session_status> reports;    // every status
  std::vector<action::fail_emit> failed;  // emits
  std::vector<action::send_held> held_sent;
  std::vector<action::drop_held> dropped;
  std::string identity;  // of the last authenticated session
  std::string who;       // the same in words
  int other_identities = 0;
  std::vector<room_book::answer> joins;
  int rooms_told = 0;  // action::tell_rooms
  std::vector<std::string> notes;
  std::vector<std::optional<std::uint16_t>> closes;
  std::set<std::string> rooms;  // as the server sees them
  request_extras extras;        // of the last attempt
  std::size_t turn = 0;         // likewise
  int connections = 0;
  std::vector<transport_kind> over;  // the transports of all attempts
  std::string upgrades = "[]";       // that the engine offers
  bool open = false;                 // the connection stands

  // The fault: instead of the answer to the step of this number (from 0, over the harness's life) this is called.
  std::optional<std::size_t> fault_at;
  std::function<void(harness&)> fault;
  std::size_t steps = 0;

  [[nodiscard]] moment at();
  void start();
  void settle();                        // answers until nothing is left to answer
  void advance(milliseconds by);        // lets time pass, deadline by deadline
  bool advance_to_deadline();           // false: none is set
  bool reach(state wanted, int turns);  // lets deadlines pass until this state stands

  void event(std::string_view name, std::string_view arguments);
  void engine(std::string_view text);  // an Engine.IO text message from the server
  void put_token(std::optional<std::string> fresh);
  void lose(cause why);  // the connection, or the attempt, ends
  [[nodiscard]] token_reading reading() const;
  [[nodiscard]] int count_sent(std::string_view begin) const;
  [[nodiscard]] const session_status& status() const { return machine.status(); }

 private:
  void perform(const action::read_token&);
  void perform(const action::connect& what);
  void perform(const action::close& what);
  void perform(const action::send& what);
  void perform(const action::fail_emit& what) { failed.push_back(what); }
  void perform(const action::send_held& what) {
    sent.push_back(what.text);
    held_sent.push_back(what);
  }
  void perform(const action::drop_held& what) { dropped.push_back(what); }
  void perform(const action::identify& what) {
    if (!identity.empty() && identity != what.whose) ++other_identities;
    identity = what.whose;
    who = what.who;
  }
  void perform(const action::answer_join& what) { joins.push_back(what.answer); }
  void perform(const action::tell_rooms&) { ++rooms_told; }
  void perform(const action::report& what) { reports.push_back(what.status); }
  void perform(const action::note& what) { notes.push_back(what.text); }
  void input(std::string_view text);
  void react(std::function<void()> reaction);
  void serve(const std::string& text);

  std::deque<std::function<void()>> reactions_;

  std::uint64_t random_;
};

// The default profile's options with short, round times and two declared rooms.
[[nodiscard]] options plain_options();

}  // namespace roombridge::upstream::test
