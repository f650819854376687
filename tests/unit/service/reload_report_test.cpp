// SPDX-License-Identifier: MIT
#include "daemon/service/reload_report.hpp"

#include <gmock/gmock.h>

#include "daemon/config/schema.hpp"
#include "tests/unit/config/other_values.hpp"
#include "tests/unit/config/support.hpp"

namespace roombridge::service {
namespace {

using config::needs;
using config::settings;

settings settings_of(const std::string& text) {
  return config::parse(text).value.value();
}

// The lists of a reload that changes nothing but `key`, whose row says `change`.
reload_report expected(const std::string& key, needs change) {
  reload_report out{.changed = {key}, .new_connection = {}, .next_connection = {}, .restart_needed = {}};
  if (change == needs::new_connection) out.new_connection = {key};
  if (change == needs::next_connection) out.next_connection = {key};
  if (change == needs::restart) out.restart_needed = {key};
  return out;
}

TEST(reload_report, says_of_each_key_what_its_row_in_the_schema_says) {
  for (const config::row& each : config::schema()) {
    const auto needed = config::prerequisites.find(each.path);
    const settings before = needed == config::prerequisites.end() ? settings{} : settings_of(needed->second);
    const settings after = settings_of(config::other_values.at(each.path));
    EXPECT_EQ(report_reload(before, before, after), expected(each.path, each.change)) << each.path;
  }
}

TEST(reload_report, of_a_reload_that_changes_nothing) {
  const reload_report none = report_reload({}, {}, {});
  EXPECT_EQ(none.to_string(), "reloaded: nothing changed");
  EXPECT_EQ(none.to_json(), R"({"changed":[],"new_connection":[],"next_connection":[],"restart_needed":[]})");
}

TEST(reload_report, a_restart_is_needed_until_the_settings_are_again_those_of_the_start) {
  const settings started;
  const settings after = settings_of("log: {capacity: 4MiB}");
  EXPECT_EQ(report_reload(started, after, after).to_string(),
            "reloaded: nothing changed; takes effect at the next restart only: log.capacity");
  EXPECT_EQ(report_reload(started, after, started).to_string(), "reloaded: log.capacity");
}

TEST(reload_report, names_every_kind_of_change) {
  const settings after = settings_of(
      "upstream: {path: /x/, compression: false}\nrooms: {linger: 0s}\nlocal: {mode: 0600}\nlog: {capacity: 4MiB}");
  reload_report report = report_reload({}, {}, after);
  report.warnings = {"c.yaml:1:2: look"};
  report.trouble = "the socket is gone";
  EXPECT_EQ(report.to_string(),
            "reloaded: upstream.path, upstream.compression, rooms.linger, local.mode, log.capacity; makes a new "
            "connection: upstream.path; holds from the next connection on: upstream.compression; takes effect at the "
            "next restart only: local.mode, log.capacity");
  EXPECT_EQ(
      report.to_json(),
      R"({"changed":["upstream.path","upstream.compression","rooms.linger","local.mode","log.capacity"],)"
      R"("new_connection":["upstream.path"],"next_connection":["upstream.compression"],)"
      R"("restart_needed":["local.mode","log.capacity"],"warnings":["c.yaml:1:2: look"],"trouble":"the socket is gone"})");
}

}  // namespace
}  // namespace roombridge::service
