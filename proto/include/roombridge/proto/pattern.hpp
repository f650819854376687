// SPDX-License-Identifier: MIT
// The patterns of a SUBSCRIBE (PROTOCOL.md section 4), an exact name, or a prefix followed by one `*` at the end, and
// its fields. Pure.
#pragma once

#include <string_view>

#include <roombridge/proto/frame.hpp>

namespace roombridge::proto {

// 1 to max_pattern bytes, and a `*` nowhere but at the end.
[[nodiscard]] constexpr bool is_valid_pattern(std::string_view pattern) noexcept {
  return !pattern.empty() && pattern.size() <= max_pattern && pattern.find('*') >= pattern.size() - 1;
}

// Whether a valid pattern matches `name`. Bytes are compared: no case folding, no normalisation.
[[nodiscard]] constexpr bool matches(std::string_view pattern, std::string_view name) noexcept {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

// Whether `outer` matches every name that `inner` matches; both are valid. No exact pattern ends with the star of
// `inner`, and no prefix holds one.
[[nodiscard]] constexpr bool covers(std::string_view outer, std::string_view inner) noexcept {
  return matches(outer, inner);
}

// Whether a SUBSCRIBE may ask for events whose field `name` has this value: both together fit into a pattern.
[[nodiscard]] constexpr bool is_valid_field(std::string_view name, std::string_view value) noexcept {
  return !name.empty() && name.find('=') == std::string_view::npos && !value.empty() &&
         name.size() + 1 + value.size() <= max_pattern;
}

}  // namespace roombridge::proto
