// SPDX-License-Identifier: MIT
// One event each so often, stamped when it is written; latency is from there to a subscriber's read.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/bench/event_pool.hpp"
#include "tests/bench/source.hpp"

namespace bench {

class pacing {
 public:
  // `rate`: events per second. `expected`: deliveries.
  pacing(boost::asio::io_context& context, source& from, event_pool& events, double rate, std::size_t expected);

  void start();
  // Forgets what was measured until now.
  void measure() { latencies_.clear(); }
  void on_event(const char* stamp);

  // In nanoseconds, one a delivery.
  [[nodiscard]] std::vector<std::uint64_t>& latencies() { return latencies_; }

 private:
  void tick();

  source& source_;
  event_pool& pool_;
  boost::asio::steady_timer timer_;
  const std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point next_;
  std::vector<std::uint64_t> latencies_;
};

// Of CLOCK_MONOTONIC.
[[nodiscard]] std::uint64_t now_ns();

}  // namespace bench
