// SPDX-License-Identifier: MIT
// The commands of roombridgectl. Each is one conversation with the daemon; cli.cpp alone knows the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "clients/ctl/context.hpp"

namespace roombridge::ctl {

exit_code status_command(const context& where);
exit_code rooms_command(const context& where);
exit_code reload_command(const context& where);
exit_code reconnect_command(const context& where);
exit_code forget_command(const context& where);
exit_code named_command(const context& where);

struct remove_options {
  std::string name;                  // of a named subscriber
  std::optional<std::uint32_t> uid;  // whose; nothing: this user's
};
exit_code remove_command(const context& where, const remove_options& options);

struct tail_options {
  filter wanted;
  std::vector<std::string> rooms;                    // to hold meanwhile
  std::string subscriber;                            // goes on behind what was printed under this name; empty: none
  bool history = false;                              // what the log holds comes first
  bool snapshot = false;                             // the newest event of each thing, before that
  std::optional<std::uint64_t> count;                // end after so many events
  std::optional<std::chrono::milliseconds> timeout;  // end after so long; with `count` not reached that is a timeout
  bool no_follow = false;  // end with the daemon; else wait for it, and go on after its restart
};
exit_code tail_command(const context& where, const tail_options& options);

struct trace_options {
  std::chrono::milliseconds time{proto::default_trace_ms};  // 1 ms to an hour
};
exit_code trace_command(const context& where, const trace_options& options);

struct emit_options {
  std::string event;
  std::string arguments;  // JSON: an array is the arguments, anything else the only one; empty: none; "-": from `input`
  bool ack = false;
  std::chrono::milliseconds timeout{10'000};
};
exit_code emit_command(const context& where, const emit_options& options, std::istream& input);

struct wait_options {
  upstream_state goal = upstream_state::authenticated;  // offline, connected or authenticated
  std::optional<std::chrono::milliseconds> timeout;
};
exit_code wait_command(const context& where, const wait_options& options);

// Whether a state is what somebody waits for: `connected` is also reached when it is more than that, `offline` also
// while an attempt to connect is under way.
[[nodiscard]] bool reached(upstream_state state, upstream_state goal);

}  // namespace roombridge::ctl
