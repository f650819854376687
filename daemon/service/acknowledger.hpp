// SPDX-License-Identifier: MIT
// Answers events of the server that want an acknowledgement, where the rule of the event says so: as soon as the log
// has them, and the journal, where there is one. Of those that get none it tells, once for each name.
//
// Invariants: each event is answered at most once, and on no other connection than its own (see client::acknowledge).
// What the disk does not take is answered as soon as programs may see it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include "daemon/base/logger.hpp"
#include "daemon/events/parser.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/upstream/client/client.hpp"

namespace roombridge::service {

class acknowledger {
 public:
  using answer_function = std::function<void(const upstream::ack_ticket&)>;

  static constexpr std::size_t most_waiting = 65'536;  // events that wait for the disk; those behind them get no answer
  static constexpr std::size_t most_names = 64;        // that are told of

  // `journal` may be null; it and `diagnostics` outlive this.
  acknowledger(journal::journal* journal, logger& diagnostics) : journal_(journal), diagnostics_(diagnostics) {}

  // What answers; before the first event.
  void answer_by(answer_function answer) { answer_ = std::move(answer); }

  // This event has come, or has come again, and all that the log has of it is there up to `seq`.
  void take(const events::parsed_event& event, const upstream::ack_ticket& wanted, log::sequence seq);

  // What the log had is erased: what waits is not received, and gets no answer.
  void forget();

  // Answers what can be answered by now; after the journal has been given all that was taken.
  void answer();

  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }

 private:
  struct waiting_event {
    log::sequence seq;
    upstream::ack_ticket wanted;
  };

  void tell(std::string_view name);

  journal::journal* const journal_;
  logger& diagnostics_;
  answer_function answer_;
  std::deque<waiting_event> waiting_;  // in the log's order
  std::set<std::string, std::less<>> told_;
  std::uint64_t answered_ = 0;
  std::uint64_t unanswered_ = 0;
};

}  // namespace roombridge::service
