// SPDX-License-Identifier: MIT
// The events that a run sends, encoded once for the measured program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/wire.hpp"

namespace bench {

// Of an event's payload, which begins [{"t":" and then has the stamp: 20 digits.
inline constexpr std::size_t stamp_offset = 7;
inline constexpr std::size_t stamp_size = 20;

class event_pool {
 public:
  // Events whose payload has `payload_size` bytes: one that comes again and again, or, with `reservations`, for that
  // many reservations in an order that looks random and is the same in every run.
  event_pool(const wire& as, std::size_t payload_size, std::size_t reservations);

  // The next one, all of one size. It stays until the pool's end.
  std::string& next() { return events_[next_++ % events_.size()]; }
  [[nodiscard]] std::size_t event_size() const { return events_.front().size(); }
  // Writes `nanoseconds` into an event's stamp.
  void stamp(std::string& event, unsigned long long nanoseconds) const;

 private:
  std::vector<std::string> events_;
  std::size_t stamp_position_;
  std::size_t next_ = 0;
};

// The id of the reservation of this number.
[[nodiscard]] std::string reservation_id(std::size_t number);

}  // namespace bench
