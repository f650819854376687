// SPDX-License-Identifier: MIT
// How long ago an earlier life of the daemon did something, by a wall clock that may be wrong: a board without a
// battery begins in 1970, or where it was switched off, or anywhere, and is set over the network later. What this life
// has seen needs none of it: that counts by the steady clock. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace roombridge {

class wall_watch {
 public:
  using wall_time = std::chrono::sys_time<std::chrono::microseconds>;
  struct reading {
    std::chrono::steady_clock::time_point steady;
    wall_time wall;
  };

  // The wall clock counts once it has gone for so long as the steady one does.
  static constexpr std::chrono::minutes calm{10};
  // A clock that is only being adjusted does not differ by more from one reading to the next.
  static constexpr std::chrono::minutes jump{1};
  // Before this program was written.
  static constexpr wall_time earliest = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};

  explicit wall_watch(const reading& start) : start_(start.steady), calm_since_(start.steady), last_(start) {}

  void look(const reading& now) {
    const auto differs = (now.wall - last_.wall) - (now.steady - last_.steady);
    if (differs > jump || differs < -jump) calm_since_ = now.steady;
    last_ = now;
  }

  // At least so long ago an earlier life read `then` off its wall clock. Where one of the clocks is impossible, or the
  // present one has jumped lately, that is as long as this life lasts.
  [[nodiscard]] std::chrono::microseconds since(wall_time then, const reading& now) {
    look(now);
    const auto here = std::chrono::floor<std::chrono::microseconds>(now.steady - start_);
    const bool is_calm = now.steady - calm_since_ >= calm;
    return is_calm && then >= earliest && now.wall >= then ? std::max(here, now.wall - then) : here;
  }

 private:
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point calm_since_;
  reading last_;
};

}  // namespace roombridge
