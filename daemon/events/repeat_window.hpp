// SPDX-License-Identifier: MIT
// Which events came already: a server that emits one update to several rooms may send it several times. Pure.
//
// Invariants: the window is counted from the first one, so that a steady stream of repeats is let through once in a
// window; at most max_keys are kept, and when there are more within the window the oldest are forgotten, so that a
// repeat then passes.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include "daemon/base/keyed_hash.hpp"

namespace roombridge::events {

class repeat_window {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t max_keys = 8192;
  static constexpr std::size_t max_key_size = 512;  // bytes; events with a longer one are never repeats

  // Whether an event of this key came within `window` before `now`; if not, it is remembered. `now` never goes back.
  [[nodiscard]] bool repeats(std::string_view key, std::chrono::milliseconds window, time_point now);

  void clear();

 private:
  struct entry {
    std::string key;
    time_point came;
  };

  void forget_oldest();

  std::deque<entry> entries_;  // oldest first
  std::unordered_set<std::string_view, keyed_text_hash> keys_;
};

}  // namespace roombridge::events
