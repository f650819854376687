// SPDX-License-Identifier: MIT
// As many events as go through, in batches of which as many are on their way as a window allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/bench/event_pool.hpp"
#include "tests/bench/source.hpp"

namespace bench {

struct saturation_options {
  std::size_t write = 64u << 10;  // bytes of events that the source writes at a time; 1: each event by itself
  std::size_t window = 1u << 20;  // bytes that may be on their way to the slowest subscriber
  std::size_t subscribers = 1;
  std::size_t stopped = 0;  // the first ones, which nobody waits for
  bool own = false;         // each event reaches one subscriber, else all
};

class saturation {
 public:
  saturation(source& from, event_pool& events, const saturation_options& options);

  void start() { send(); }
  void stop() { stopped_ = true; }
  void on_event(std::size_t subscriber);

  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  // That have reached every subscriber.
  [[nodiscard]] std::uint64_t events() const { return through_ * batch_size_; }
  // Nothing is on its way any more.
  [[nodiscard]] bool drained() const { return stopped_ && on_the_way_.empty() && !sending_; }

 private:
  struct batch {
    std::string bytes;
    std::size_t complete = 0;  // how many subscribers have all of it
  };

  void send();

  source& source_;
  event_pool& pool_;
  const saturation_options options_;
  const std::size_t batch_size_;  // in events
  const std::size_t most_on_the_way_;
  std::vector<std::uint64_t> received_;  // by each subscriber; `own`: by all of them
  std::deque<batch> on_the_way_;
  std::uint64_t through_ = 0;
  std::uint64_t deliveries_ = 0;
  bool sending_ = false;
  bool stopped_ = false;
};

}  // namespace bench
