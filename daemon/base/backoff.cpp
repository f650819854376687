// SPDX-License-Identifier: MIT
#include "daemon/base/backoff.hpp"

#include <algorithm>
#include <cassert>

namespace roombridge {

backoff::backoff(milliseconds first, milliseconds max) : first_(first), max_(max) {
  assert(first_.count() > 0 && first_ <= max_);
}

void backoff::configure(milliseconds first, milliseconds max) {
  assert(first.count() > 0 && first <= max);
  first_ = first;
  max_ = max;
}

backoff::milliseconds backoff::next(std::uint64_t random) {
  // Compared before doubling, so that no cap can overflow.
  if (step_.count() == 0) {
    step_ = first_;
  } else {
    step_ = step_ > max_ / 2 ? max_ : step_ * 2;
  }
  step_ = std::min(step_, max_);
  const auto low = step_.count() / 2;
  const auto width = static_cast<std::uint64_t>(step_.count() - low) + 1;
  return milliseconds{low + static_cast<milliseconds::rep>(random % width)};
}

}  // namespace roombridge
