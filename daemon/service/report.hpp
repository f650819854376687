// SPDX-License-Identifier: MIT
// The daemon's account of itself: the STATUS and TRACE frames, and as JSON the results of the calls `status` and
// `rooms` (PROTOCOL.md sections 5 and 7). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/journal/keeper.hpp"
#include "daemon/local/server.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/service/intake.hpp"
#include "daemon/service/memory_use.hpp"
#include "daemon/upstream/client/client.hpp"

namespace roombridge::service {

// "roombridged 0.1.0"
[[nodiscard]] std::string server_name();

// A text without what is secret.
using hide_function = std::function<std::string(std::string_view)>;

[[nodiscard]] proto::status status_frame(const upstream::client_status& status,
                                         const std::vector<upstream::room_status>& rooms, const hide_function& hide);

// The state on one line for the service manager, which shows it to every user of the machine: a cause is told by what
// it means, without the words that went with it. `trouble`: why no local program can connect; empty: they can.
[[nodiscard]] std::string manager_line(const upstream::client_status& status, std::string_view trouble);

// `time`: of the line.
[[nodiscard]] proto::trace trace_frame(const upstream::trace_line& line, upstream::wall_time time);

// A room, and who holds it as far as the reader may know.
struct room_report {
  upstream::room_status status;
  local::room_holders::held held;
};

// For who may not control: what concerns any user, and of the local programs this user's.
struct user_facts {
  upstream::wall_time started;
  std::optional<upstream::wall_time> away_since;
  std::uint64_t epoch = 0;
  const upstream::client_status& upstream;
  const std::vector<room_report>& rooms;
  local::connection_counts local;
  std::size_t named_subscribers = 0;
};
[[nodiscard]] std::string status_json(const user_facts& facts);

struct status_facts {
  std::string_view config_path;
  std::string_view url;
  upstream::wall_time started;
  std::optional<upstream::wall_time> away_since;  // not authenticated since
  const log::event_log& log;
  std::optional<journal::keeper_state> journal;  // nothing: there is none
  std::size_t journal_capacity = 0;
  const upstream::client_status& upstream;
  const std::vector<room_report>& rooms;
  const upstream::client_counters& upstream_counters;
  bool recovery_offered = false;
  std::size_t held = 0;  // emits
  const intake_counters& intake;
  const acknowledger& acknowledgements;
  local::server_counters local;
  std::string socket_trouble;  // why no local program can connect; empty: they can
  local::latency_histogram latency;
  local::connection_counts connections;
  std::size_t named_subscribers = 0;
  memory_use memory{};
  std::uint64_t log_dropped = 0;      // records that neither stderr's reader nor the journal took in time
  std::vector<std::string> warnings;  // what is not as safe as it could be, in words
};
[[nodiscard]] std::string status_json(const status_facts& facts);

[[nodiscard]] std::string rooms_json(const std::vector<room_report>& rooms);

}  // namespace roombridge::service
