// SPDX-License-Identifier: MIT
// What a cursor gives to be sent. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/log/segment_ring.hpp"

namespace roombridge::log {

// Events in a row that were received at one moment.
struct arrival {
  std::int64_t received = 0;  // record::received
  std::uint64_t events = 0;
};

// Frames to send now, in order; frames that lie side by side in the log are one range.
class batch {
 public:
  static constexpr std::size_t max_ranges = 128;
  static constexpr std::size_t max_arrivals = 128;

  batch() = default;
  // Copies what there is: the arrays are large.
  batch(const batch& other) { *this = other; }
  batch& operator=(const batch& other);

  [[nodiscard]] std::span<const std::span<const std::byte>> ranges() const { return std::span{ranges_}.first(count_); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // When its events came. After sent(): those of which something was sent.
  [[nodiscard]] std::span<const arrival> arrivals() const { return std::span{arrivals_}.first(arrival_count_); }
  void clear() { count_ = bytes_ = arrival_count_ = 0; }

 private:
  friend class cursor;
  friend class replay;

  // False, and nothing changed, when there is no room for it.
  [[nodiscard]] bool add(const record& what);
  [[nodiscard]] bool add_range(std::span<const std::byte> frame);
  [[nodiscard]] std::uint64_t events() const;
  void keep_events(std::uint64_t first);

  std::array<std::span<const std::byte>, max_ranges> ranges_;
  std::array<arrival, max_arrivals> arrivals_;
  std::size_t count_ = 0;
  std::size_t arrival_count_ = 0;
  std::size_t bytes_ = 0;
  position end_;
};

}  // namespace roombridge::log
