// SPDX-License-Identifier: MIT
#include "daemon/service/reload_report.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "daemon/config/changes.hpp"

namespace roombridge::service {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += (result.empty() ? "" : ", ") + name;
  return result;
}

boost::json::array to_array(const std::vector<std::string>& names) {
  return boost::json::array(names.begin(), names.end());
}

}  // namespace

std::string reload_report::to_string() const {
  std::string out = changed.empty() ? "reloaded: nothing changed" : "reloaded: " + joined(changed);
  const auto add = [&out](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) out += std::string("; ") + what + ": " + joined(names);
  };
  add("makes a new connection", new_connection);
  add("holds from the next connection on", next_connection);
  add("takes effect at the next restart only", restart_needed);
  return out;
}

std::string reload_report::to_json() const {
  boost::json::object result{{"changed", to_array(changed)},
                             {"new_connection", to_array(new_connection)},
                             {"next_connection", to_array(next_connection)},
                             {"restart_needed", to_array(restart_needed)}};
  if (!warnings.empty()) result["warnings"] = to_array(warnings);
  if (!trouble.empty()) result["trouble"] = trouble;
  return boost::json::serialize(result);
}

reload_report report_reload(const config::settings& started, const config::settings& before,
                            const config::settings& after) {
  using config::changed_keys;
  using config::needs;
  return {.changed = changed_keys(before, after),
          .new_connection = changed_keys(before, after, needs::new_connection),
          .next_connection = changed_keys(before, after, needs::next_connection),
          .restart_needed = changed_keys(started, after, needs::restart)};
}

}  // namespace roombridge::service
