// SPDX-License-Identifier: MIT
// What a reload has done, for the log and for the program that asked (PROTOCOL.md, call `reload`). Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/settings.hpp"

namespace roombridge::service {

// Keys (dotted), each list in the schema's order.
struct reload_report {
  std::vector<std::string> changed;          // since the last reload
  std::vector<std::string> new_connection;   // of `changed`: a new connection to the server is made for them
  std::vector<std::string> next_connection;  // of `changed`: the next connection to the server has them
  std::vector<std::string> restart_needed;   // differ from what the daemon was started with, and need a restart
  std::vector<std::string> warnings{};  // what of the new config somebody should look at twice; not in the log line
  std::string trouble{};                // why no program can connect; empty: they can. Not in the log line

  bool operator==(const reload_report&) const = default;

  // In one line: "reloaded: upstream.url; makes a new connection: upstream.url".
  [[nodiscard]] std::string to_string() const;

  // The call's answer, a JSON object.
  [[nodiscard]] std::string to_json() const;
};

// `started`: the settings that the daemon was started with. `before`: those of the last reload.
[[nodiscard]] reload_report report_reload(const config::settings& started, const config::settings& before,
                                          const config::settings& after);

}  // namespace roombridge::service
