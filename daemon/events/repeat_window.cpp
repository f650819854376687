// SPDX-License-Identifier: MIT
#include "daemon/events/repeat_window.hpp"

namespace roombridge::events {

bool repeat_window::repeats(std::string_view key, std::chrono::milliseconds window, time_point now) {
  while (!entries_.empty() && now - entries_.front().came >= window) forget_oldest();
  if (key.empty() || key.size() > max_key_size || window.count() == 0) return false;
  if (keys_.contains(key)) return true;
  if (entries_.size() == max_keys) forget_oldest();
  keys_.insert(entries_.emplace_back(entry{std::string(key), now}).key);
  return false;
}

void repeat_window::clear() {
  keys_.clear();
  entries_.clear();
}

void repeat_window::forget_oldest() {
  keys_.erase(entries_.front().key);
  entries_.pop_front();
}

}  // namespace roombridge::events
