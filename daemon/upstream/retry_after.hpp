// SPDX-License-Identifier: MIT
// How long a server wants to be left alone: HTTP's Retry-After (RFC 9110 section 10.2.3). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

namespace roombridge::upstream {

// For so long, or until then by the wall clock.
using quiet_wish = std::variant<std::chrono::seconds, std::chrono::sys_seconds>;

// `date`: what the response's Date says, so that a clock here that is wrong does not matter; a time that is over is no
// wish. Nothing: there is no such field, or nobody can read it.
[[nodiscard]] std::optional<quiet_wish> parse_retry_after(std::string_view value, std::string_view date);

// How long that is from `now` on; zero where it is over.
[[nodiscard]] std::chrono::seconds length_of(const quiet_wish& wish, std::chrono::sys_seconds now);

}  // namespace roombridge::upstream
