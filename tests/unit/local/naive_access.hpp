// SPDX-License-Identifier: MIT
// The access rules against an evaluator that takes PROTOCOL.md section 8 word by word: names are written out where the
// rules compare patterns.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace roombridge::local {

// Makes rules, a peer, an event and a subscription of `bytes`, and says where the two evaluators disagree; empty:
// nowhere.
[[nodiscard]] std::string find_disagreement(std::span<const std::uint8_t> bytes);

}  // namespace roombridge::local
