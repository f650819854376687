// SPDX-License-Identifier: MIT
#include "daemon/base/repeat_filter.hpp"

#include <utility>

namespace roombridge {

std::optional<std::uint64_t> repeat_filter::pass(std::string_view key, time_point now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= max_keys) entries_.clear();
    entries_.emplace(key, entry{now, 0});
    return 0;
  }
  entry& known = found->second;
  if (now - known.passed < interval_) {
    ++known.held;
    return std::nullopt;
  }
  known.passed = now;
  return std::exchange(known.held, 0);
}

}  // namespace roombridge
