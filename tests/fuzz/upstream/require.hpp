// SPDX-License-Identifier: MIT
// Ends a fuzz run with words about what disagreed, so that libFuzzer keeps the input.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace roombridge::fuzz {

inline void require(bool condition, std::string_view what) {
  if (condition) return;
  std::cerr << "disagreement: " << what << '\n';
  std::abort();
}

}  // namespace roombridge::fuzz
