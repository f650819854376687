// SPDX-License-Identifier: MIT
// Keeps a log readable while the same thing happens over and over: a line passes once, and then once in an interval
// with the number of those that were held back. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge {

class repeat_filter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit repeat_filter(std::chrono::seconds interval) : interval_(interval) {}

  // Nothing: hold it back. Else how many with this key were held back since the last one that passed.
  [[nodiscard]] std::optional<std::uint64_t> pass(std::string_view key, time_point now);

 private:
  struct entry {
    time_point passed;
    std::uint64_t held = 0;
  };
  static constexpr std::size_t max_keys = 64;  // texts may hold what a peer said: they must not pile up

  std::chrono::seconds interval_;
  std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace roombridge
