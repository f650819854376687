// SPDX-License-Identifier: MIT
// The upstream connection's story in the log: one line for each change, held back while it only repeats itself. The
// last line never contradicts a state that lasts. Pure but for the logger it is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/logger.hpp"
#include "daemon/base/repeat_filter.hpp"
#include "daemon/upstream/session/session.hpp"

namespace roombridge::upstream {

// A status as one line for a person.
[[nodiscard]] std::string in_words(const session_status& status, moment at);

class status_log {
 public:
  // `log` outlives this.
  explicit status_log(logger& log) : log_(log) {}

  // `url`: of the server; `rooms`: how many are joined.
  void report(const session_status& status, std::string_view url, std::size_t rooms, moment at);
  // Before an attempt. `name`: of the server and the proxy on the way to it; empty: there is none.
  void way(const std::string& name);
  void note(std::string_view text, moment at);
  void malformed(std::string_view why, moment at);

 private:
  void write(log_level level, std::string_view key, std::string text, const session_status* status, moment at);

  logger& log_;
  std::optional<state> told_;  // by the last line about the state
  std::string way_;
  repeat_filter filter_{std::chrono::seconds{60}};
};

}  // namespace roombridge::upstream
