// SPDX-License-Identifier: MIT
// The access rules against a naive evaluator: what may be seen, subscribed to, held, emitted and known.
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/unit/local/naive_access.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto what = roombridge::local::find_disagreement({data, size}); !what.empty()) {
    std::cerr << "disagreement: " << what << '\n';
    std::abort();
  }
  return 0;
}
