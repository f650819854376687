// SPDX-License-Identifier: MIT
// A duration in words, for people: "678 ms", "1.5 s", "20 s", "2 min 30 s", "5 h". Pure.
#pragma once

#include <chrono>
#include <string>

namespace roombridge {

// Two units at most; what is less than the smaller one is cut off. Less than zero counts as zero.
[[nodiscard]] std::string duration_text(std::chrono::steady_clock::duration value);

}  // namespace roombridge
