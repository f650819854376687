// SPDX-License-Identifier: MIT
// What every command gets: where the daemon is, how to print, and what the exit codes mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include <roombridge/client.hpp>

#include "clients/ctl/style.hpp"

namespace roombridge::ctl {

// Part of the interface: documented in --help and the manual page.
enum class exit_code : int {
  ok = 0,
  failed = 1,       // the daemon answered, but the operation failed or was refused
  usage = 2,        // the command line cannot be understood
  unreachable = 3,  // no daemon at the socket, no permission, or the connection ended
  timeout = 4,      // it did not happen in time
};

struct context {
  std::string socket;  // empty: the default path
  bool json = false;   // JSON lines instead of text for people
  style look;
  std::ostream& out;
  std::ostream& err;
};

// Prints the failure to `err` and says how the program ends.
exit_code report(const context& where, const failure& why);

// The same for an answer that holds an error.
exit_code report(const context& where, const error_info& why);

// How long one attempt to reach the daemon, and each of its answers, may take: `whole` is the time that the command
// has.
[[nodiscard]] std::chrono::milliseconds attempt_time(std::optional<std::chrono::milliseconds> whole);

// A client that is connected; nothing after the failure has been reported into `ended`.
[[nodiscard]] std::optional<client> connect(const context& where, exit_code& ended,
                                            std::optional<std::chrono::milliseconds> whole = std::nullopt,
                                            const std::string& subscriber = {});

// Connects and calls a method. The answer's payload; nothing after a failure has been reported into `ended`.
[[nodiscard]] std::optional<std::string> call(const context& where, std::string_view method, exit_code& ended,
                                              std::string_view params = "{}");

// µs since the Unix epoch.
[[nodiscard]] std::int64_t wall_clock();

}  // namespace roombridge::ctl
