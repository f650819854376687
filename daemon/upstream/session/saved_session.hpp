// SPDX-License-Identifier: MIT
// What outlives a stop of the daemon, and its text in the recovery file: with whom the last session was, when it ended,
// and what to ask that server for. Pure.
//
// It is trusted as far as any text on a disk: whatever is not as to_text() writes it is refused whole. The token itself
// is not in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/upstream/session/recovery.hpp"

namespace roombridge::upstream {

struct saved_session {
  static constexpr std::size_t most_text = 64 * 1024;  // bytes

  std::string url;
  std::string path;
  std::string nsp;
  std::chrono::sys_time<std::chrono::microseconds> ended{};  // when it stopped being authenticated
  std::optional<saved_recovery> recovery{};                  // nothing: what was missed since is lost
  bool running = false;                                      // it had not ended: `ended` is when this was kept
  bool operator==(const saved_session&) const = default;
};

// One line of JSON.
[[nodiscard]] std::string to_text(const saved_session& from);

// The same again, or the name of what is missing or unusable.
[[nodiscard]] std::variant<saved_session, std::string> parse_saved_session(std::string_view text);

}  // namespace roombridge::upstream
