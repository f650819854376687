// SPDX-License-Identifier: MIT
// Durations, times of day and foreign text as people write and read them. Pure but for the time zone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge::ctl {

// "500ms", "30s", "2m" or "2min", "1h"; a plain number is seconds. Nothing for anything else, and above a year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// µs in words of two units at most: "340 ms", "12 s", "5 min 3 s", "2 h 4 min", "3 d 1 h". Negative counts as zero.
[[nodiscard]] std::string duration_text(std::int64_t microseconds);

// "12:30:01" in local time, with the date before it when it lies a day or more from `now`. Both µs since the Unix
// epoch.
[[nodiscard]] std::string time_text(std::int64_t time, std::int64_t now);

// "12:30:01.042" in local time: for lines of which many have the same second.
[[nodiscard]] std::string precise_time_text(std::int64_t time);

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace roombridge::ctl
