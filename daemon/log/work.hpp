// SPDX-License-Identifier: MIT
// How much may be done before others come in between. Counted, not measured: a unit is about what one comparison of a
// pattern with a text costs, and a nanosecond of a usual machine. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace roombridge::log {

class work {
 public:
  // As much as there is.
  work() = default;
  explicit work(std::int64_t units) : left_(units) {}

  // What is done in one go may pass what is left.
  void spend(std::size_t units) { left_ -= static_cast<std::int64_t>(units); }
  [[nodiscard]] bool spent() const { return left_ <= 0; }
  [[nodiscard]] std::int64_t left() const { return left_; }

 private:
  std::int64_t left_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace roombridge::log
