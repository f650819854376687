// SPDX-License-Identifier: MIT
#include "daemon/log/scan_memo.hpp"

#include "daemon/log/cursor.hpp"

namespace roombridge::log {

bool scan_memo::recall(const cursor& who, const scan_range& range, batch& out) const {
  for (const finding& each : findings_) {
    if (each.finder == nullptr || each.range != range || !who.selects_as(*each.finder, range.first)) continue;
    out = each.found;
    return true;
  }
  return false;
}

void scan_memo::remember(const cursor& who, const scan_range& range, const batch& found) {
  finding& replaced = findings_[oldest_];
  replaced.finder = &who;
  replaced.range = range;
  replaced.found = found;
  oldest_ = (oldest_ + 1) % findings_.size();
}

void scan_memo::forget(const cursor& who) {
  for (finding& each : findings_) {
    if (each.finder == &who) each.finder = nullptr;
  }
}

void scan_memo::forget_newest_only() {
  for (finding& each : findings_) {
    if (each.finder != nullptr && each.finder->newest_only()) each.finder = nullptr;
  }
}

}  // namespace roombridge::log
