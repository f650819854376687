// SPDX-License-Identifier: MIT
#include "daemon/config/changes.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "daemon/config/schema.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(config_changes, come_in_the_schemas_order) {
  const settings before;
  settings after = before;
  EXPECT_THAT(changed_keys(before, after), IsEmpty());
  after.level = log_level::error;
  after.upstream.rooms.declared = {"x"};
  after.log_capacity *= 2;
  EXPECT_THAT(changed_keys(before, after), ElementsAre("rooms.declared", "log.capacity", "logging.level"));
}

TEST(config_changes, of_one_kind) {
  const settings before;
  settings after = before;
  after.log_capacity *= 2;
  after.upstream.path = "/x/";
  after.level = log_level::error;
  EXPECT_THAT(changed_keys(before, after, needs::restart), ElementsAre("log.capacity"));
  EXPECT_THAT(changed_keys(before, after, needs::new_connection), ElementsAre("upstream.path"));
  EXPECT_THAT(changed_keys(before, after, needs::next_connection), IsEmpty());
  EXPECT_THAT(changed_keys(before, after, needs::live), ElementsAre("logging.level"));
}

// Whether all keys below `section` need `change`.
bool is_all(const std::string& section, needs change) {
  bool all = true;
  for (const row& each : schema()) all = all && (!each.path.starts_with(section + '.') || each.change == change);
  return all;
}

// The keys that need `change`; a section of which all do stands for its keys.
std::vector<std::string> shortest(needs change) {
  std::vector<std::string> out;
  for (const row& each : schema()) {
    if (each.change != change) continue;
    std::string name = each.path;
    for (auto dot = each.path.find('.'); dot != std::string::npos; dot = each.path.find('.', dot + 1)) {
      if (!is_all(each.path.substr(0, dot), change)) continue;
      name = each.path.substr(0, dot);
      break;
    }
    if (out.empty() || out.back() != name) out.push_back(name);
  }
  return out;
}

// The comment in config.example.yaml that lists them, in lines of at most 100 characters.
std::string listed(needs change) {
  std::string out;
  std::string line = "#  ";
  const auto names = shortest(change);
  for (const std::string& name : names) {
    const std::string piece = ' ' + name + (name == names.back() ? "" : ",");
    if (line.size() + piece.size() > 100) {
      out += line + '\n';
      line = "#  ";
    }
    line += piece;
  }
  return out + line + '\n';
}

TEST(config_changes, are_documented_as_the_schema_has_them) {
  std::ostringstream example;
  example << std::ifstream(ROOMBRIDGE_SOURCE_DIR "/config.example.yaml").rdbuf();
  EXPECT_THAT(
      example.str(),
      HasSubstr("\n# These make a new connection to the server:\n" + listed(needs::new_connection) +
                "# These hold from the next connection to the server on:\n" + listed(needs::next_connection) +
                "# These need a restart of the daemon:\n" + listed(needs::restart) + "# All others hold at once.\n\n"));
}

}  // namespace
}  // namespace roombridge::config
