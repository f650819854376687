// SPDX-License-Identifier: MIT
// One connection's look at what passes between the daemon and the server (PROTOCOL.md section 4, `trace`), for as long
// as it has asked for.
//
// Invariant: a line is shown whole or missed, and how many were missed is told before the next one that is shown.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "daemon/local/deadline_queue.hpp"
#include "daemon/local/peer.hpp"

namespace roombridge::local {

class trace_watch final : public deadline_entry {
 public:
  struct totals {
    std::uint64_t lines = 0;
    std::uint64_t missed = 0;
  };
  using over_function = std::function<void(totals)>;

  // `who` outlives the watch, which `over` may destroy; it is called when the time is over.
  trace_watch(peer& who, over_function over) : who_(who), over_(std::move(over)) {}

  // A whole TRACE frame, of the time `time`.
  void show(std::string_view frame, std::int64_t time);

  // Ends it.
  void on_deadline() override;

 private:
  peer& who_;
  over_function over_;
  totals shown_;
  std::uint64_t untold_ = 0;  // of those that were missed
};

}  // namespace roombridge::local
