// SPDX-License-Identifier: MIT
#include "daemon/service/acknowledger.hpp"

#include <limits>

namespace roombridge::service {

void acknowledger::take(const events::parsed_event& event, const upstream::ack_ticket& wanted, log::sequence seq) {
  if (event.acknowledge == events::acknowledge::never) {
    ++unanswered_;
    tell(event.name);
  } else if (waiting_.size() == most_waiting) {
    ++unanswered_;
  } else {
    waiting_.push_back({seq, wanted});
  }
}

void acknowledger::forget() {
  unanswered_ += waiting_.size();
  waiting_.clear();
}

void acknowledger::answer() {
  if (waiting_.empty()) return;
  const log::sequence settled =
      journal_ == nullptr ? std::numeric_limits<log::sequence>::max() : journal_->settled(waiting_.back().seq);
  while (!waiting_.empty() && waiting_.front().seq <= settled) {
    const upstream::ack_ticket wanted = waiting_.front().wanted;
    waiting_.pop_front();
    ++answered_;
    answer_(wanted);
  }
}

void acknowledger::tell(std::string_view name) {
  if (told_.size() == most_names || told_.contains(name)) return;
  told_.emplace(name);
  diagnostics_.warning(
      "event '" + std::string(name) +
          "' wants an acknowledgement and gets none: the server waits for it in vain, and a broadcast "
          "that waits for everybody fails. \"acknowledge: received\" in the event's rule (events.rules) "
          "makes roombridged answer",
      {{"CAUSE", "unacknowledged_event"}, {"EVENT", name}});
}

}  // namespace roombridge::service
