// SPDX-License-Identifier: MIT
// The deadlines of the session machine, each with a name: what it waits for, and until when. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace roombridge::upstream {

// What happens where one passes is in session::on_time().
enum class deadline : std::size_t {
  step,       // of connecting or authenticating: the connection ends
  ping,       // the server's next ping: the connection is dead
  retry,      // the next attempt; or, where the token was refused, its next reading
  quiet,      // authenticated for so long: delays begin anew
  refresh,    // the token is read again, as it will expire
  send_held,  // the servers' answers to joins hold up what was held no longer
};

class deadline_table {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] std::optional<time_point>& operator[](deadline which) { return at_[index(which)]; }
  [[nodiscard]] const std::optional<time_point>& operator[](deadline which) const { return at_[index(which)]; }

  // Takes it off where it has passed; whether it has.
  [[nodiscard]] bool take_due(deadline which, time_point now) {
    auto& at = at_[index(which)];
    const bool due = at && *at <= now;
    if (due) at.reset();
    return due;
  }

  [[nodiscard]] std::optional<time_point> soonest() const {
    std::optional<time_point> out;
    for (const auto& at : at_) {
      if (at && (!out || *at < *out)) out = at;
    }
    return out;
  }

 private:
  static constexpr std::size_t index(deadline which) { return static_cast<std::size_t>(which); }
  std::array<std::optional<time_point>, 6> at_;
};

}  // namespace roombridge::upstream
