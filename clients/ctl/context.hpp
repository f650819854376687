// SPDX-License-Identifier: MIT
// What every command gets: where the daemon is, how to print, and what the exit codes mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include <roombridge/client.hpp>

#include "clients/ctl/style.hpp"

namespace roombridge::ctl {

// Part of the interface: documented in --help and the manual page.
enum class exit_code : int {
  ok = 0,
  failed = 1,       // it was refused or failed, and nothing was done; an event was not sent
  usage = 2,        // the command line cannot be understood, or an event's arguments are no JSON
  unreachable = 3,  // no daemon at the socket, no permission, or the connection ended; nothing was done
  timeout = 4,      // it did not happen in time; nothing was done
  perhaps = 5,      // it was sent, and it is not known whether it was done
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

// The same of a command that changes something: whether it did may be unknown.
exit_code report_change(const context& where, const failure& why);

// The same for an answer that holds an error.
exit_code report(const context& where, const error_info& why);

// How long one attempt to reach the daemon, and each of its answers, may take: `whole` is the time that the command
// has.
[[nodiscard]] std::chrono::milliseconds attempt_time(std::optional<std::chrono::milliseconds> whole);

// A client that is connected; nothing after the failure has been reported into `ended`.
[[nodiscard]] std::optional<client> connect(const context& where, exit_code& ended);

using deadline = std::optional<std::chrono::steady_clock::time_point>;  // nothing: for ever

[[nodiscard]] std::optional<std::chrono::milliseconds> left_until(const deadline& until);

// Waits for the connection of a client that reconnects, also to a daemon that is not there; `told` hears why it waits.
// A failure: why there is none by `until`, or never will be for this user.
[[nodiscard]] std::optional<failure> reach(client& daemon, const deadline& until,
                                           const std::function<void(const failure&)>& told);

// Connects and calls a method. The answer's payload; nothing after a failure has been reported into `ended`. change():
// of a method that changes something. `own`: whether the daemon tells this user of its own programs only.
[[nodiscard]] std::optional<std::string> call(const context& where, std::string_view method, exit_code& ended,
                                              bool* own = nullptr);
[[nodiscard]] std::optional<std::string> change(const context& where, std::string_view method, exit_code& ended,
                                                std::string_view params = "{}");

// µs since the Unix epoch.
[[nodiscard]] std::int64_t wall_clock();

}  // namespace roombridge::ctl
