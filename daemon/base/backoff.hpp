// SPDX-License-Identifier: MIT
// Delays between attempts, pure: they double from `first` to `max`, and each is drawn from the upper half [d/2, d] of
// its step, so that the jitter survives the cap and a fleet of clients does not come back in step.
#pragma once

#include <chrono>
#include <cstdint>

namespace roombridge {

class backoff {
 public:
  using milliseconds = std::chrono::milliseconds;

  // 0 < first <= max. A new cap holds from the next delay on.
  backoff(milliseconds first, milliseconds max);
  void configure(milliseconds first, milliseconds max);

  // The next delay; `random` is uniform over its whole range.
  [[nodiscard]] milliseconds next(std::uint64_t random);

  // The next delay is drawn from `first` again.
  void reset() { step_ = milliseconds{0}; }

 private:
  milliseconds first_;
  milliseconds max_;
  milliseconds step_{0};  // the last delay's upper end; 0: none yet
};

}  // namespace roombridge
