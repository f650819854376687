// SPDX-License-Identifier: MIT
// What booking-server reads on its standard input and how it prints what it sees. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/upstream/server.hpp"

namespace test_upstream {

inline constexpr std::string_view console_help =
    "Commands on standard input, one a line:\n"
    "  emit ROOM|* EVENT [ARGS]        send an event; ARGS is a JSON array of its arguments\n"
    "  binary ROOM|* EVENT HEX[,HEX…] [ARGS]  the same with binary attachments\n"
    "  ask EVENT [ARGS]                send an event to all and print their acknowledgements\n"
    "  raw TEXT                        send this WebSocket text message to all as it is\n"
    "  drop                            cut every connection\n"
    "  kick                            disconnect every client as a server does\n"
    "  refuse STATUS | accept          answer new connections with this HTTP status | take them again\n"
    "  fault STEP TIMES|* KIND [ARG]   commit a fault at this step, so often or until `fault none`\n"
    "    STEP: accepted, handshake, open, connect, authenticate, join, established\n"
    "    KIND: silence, half_open, close, fin, reset, slow MS, bytes HEX, text TEXT, before TEXT, twice\n"
    "  stop                            end\n";

struct command {
  enum class kind { emit, ask, raw, drop, kick, refuse, accept, disturb, stop };
  kind what{};
  std::vector<std::string> rooms{};  // empty: everyone
  std::string event{};
  std::string text{};                      // emit, ask: the arguments; raw: the message
  std::vector<std::string> attachments{};  // bytes
  unsigned status = 0;                     // refuse
  std::optional<fault> disturbance{};      // disturb; nothing: none any more
};

// Nothing when the line is none of the commands above.
[[nodiscard]] std::optional<command> parse_command(std::string_view line);

// One line, for people or as JSON; never with a token in it.
[[nodiscard]] std::string format(const report& what, bool json);

// The line that says that an event was sent to `receivers` clients.
[[nodiscard]] std::string format_emitted(const outgoing& what, std::size_t receivers, bool json);

}  // namespace test_upstream
