// SPDX-License-Identifier: MIT
// Lists of patterns (PROTOCOL.md section 4). Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/pattern.hpp>

namespace roombridge::log {

// Whether any of the valid patterns matches `text`.
[[nodiscard]] inline bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return proto::matches(pattern, text); });
}

// Whether one of the valid patterns matches every name that `inner` matches. That several of them do so together would
// take a pattern for every byte that may follow, and is not seen.
[[nodiscard]] inline bool any_covers(const std::vector<std::string>& patterns, std::string_view inner) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [inner](const std::string& pattern) { return proto::covers(pattern, inner); });
}

}  // namespace roombridge::log
