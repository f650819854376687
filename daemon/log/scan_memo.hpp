// SPDX-License-Identifier: MIT
// What cursors have found last. Many subscribers ask for the same and stand at the same place: the first one scans, and
// the others take what it found. Pure.
//
// Invariants: a finding is given to a cursor only if its own scan would find the same. It holds as long as its finder
// has the same subscriptions and visibility: whatever changes them forgets it. Of a record that a cursor can stand at
// nothing changes but whether it is superseded, which concerns newest_only() cursors; then their findings are
// forgotten.
#pragma once

#include <array>
#include <cstddef>

#include "daemon/log/batch.hpp"
#include "daemon/log/sequence.hpp"

namespace roombridge::log {

class cursor;

// What decides, beside the cursor's subscriptions and visibility, what a scan finds.
struct scan_range {
  sequence first = 0;
  sequence last = 0;
  std::size_t max_bytes = 0;
  bool operator==(const scan_range&) const = default;
};

class scan_memo {
 public:
  // False: `who` has to scan, and `out` is as it was.
  [[nodiscard]] bool recall(const cursor& who, const scan_range& range, batch& out) const;
  void remember(const cursor& who, const scan_range& range, const batch& found);
  // `who` is about to change, or gone.
  void forget(const cursor& who);
  // A record was superseded.
  void forget_newest_only();

 private:
  struct finding {
    const cursor* finder = nullptr;  // null: none
    scan_range range;
    batch found;
  };

  // As many kinds of subscribers as a machine may well have, one of each kind after the other.
  std::array<finding, 4> findings_;
  std::size_t oldest_ = 0;
};

}  // namespace roombridge::log
