// SPDX-License-Identifier: MIT
#include "daemon/log/batch.hpp"

#include <algorithm>

namespace roombridge::log {

batch& batch::operator=(const batch& other) {
  if (this == &other) return *this;
  std::copy_n(other.ranges_.begin(), other.count_, ranges_.begin());
  std::copy_n(other.arrivals_.begin(), other.arrival_count_, arrivals_.begin());
  count_ = other.count_;
  arrival_count_ = other.arrival_count_;
  bytes_ = other.bytes_;
  end_ = other.end_;
  return *this;
}

bool batch::add(const record& what) {
  const bool is_event = what.kind == record_kind::event;
  const bool joins = arrival_count_ > 0 && arrivals_[arrival_count_ - 1].received == what.received;
  if (is_event && !joins && arrival_count_ == max_arrivals) return false;
  if (!add_range(what.frame)) return false;
  if (!is_event) return true;
  if (!joins) arrivals_[arrival_count_++] = {what.received, 0};
  ++arrivals_[arrival_count_ - 1].events;
  return true;
}

bool batch::add_range(std::span<const std::byte> frame) {
  if (count_ > 0 && ranges_[count_ - 1].data() + ranges_[count_ - 1].size() == frame.data()) {
    ranges_[count_ - 1] = {ranges_[count_ - 1].data(), ranges_[count_ - 1].size() + frame.size()};
  } else {
    if (count_ == max_ranges) return false;
    ranges_[count_++] = frame;
  }
  bytes_ += frame.size();
  return true;
}

std::uint64_t batch::events() const {
  std::uint64_t sum = 0;
  for (const arrival& each : arrivals()) sum += each.events;
  return sum;
}

// Forgets the arrivals of all but the first `first` events.
void batch::keep_events(std::uint64_t first) {
  std::size_t kept = 0;
  for (; first > 0; ++kept) {
    arrivals_[kept].events = std::min(arrivals_[kept].events, first);
    first -= arrivals_[kept].events;
  }
  arrival_count_ = kept;
}

}  // namespace roombridge::log
