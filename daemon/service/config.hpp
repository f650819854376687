// SPDX-License-Identifier: MIT
// The whole configuration as plain data, and its reading from YAML. Reading is all or nothing: a config or a list of
// errors, each with file, line, column, what is wrong, what was expected and, for an unknown key, the nearest valid
// one.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/base/logger.hpp"
#include "daemon/events/profile.hpp"
#include "daemon/journal/options.hpp"
#include "daemon/local/options.hpp"
#include "daemon/log/retention.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::service {

struct config {
  upstream::options upstream;
  events::profile events;
  local::options local;
  std::size_t log_capacity = 16u << 20;  // bytes of the event log; fixed for the life of the process
  log::retention retained;
  journal::options journal;
  log_level level = log_level::info;
  bool operator==(const config&) const = default;
};

struct config_error {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in bytes
  std::string text;
  [[nodiscard]] std::string to_string() const;  // "FILE:LINE:COLUMN: TEXT"
};

// Where the values stand that a config was read from.
struct config_places {
  std::string file;
  std::map<std::string, std::pair<int, int>, std::less<>> keys;  // line and column, by the dotted path

  // What is wrong with a key's value; one that does not stand there has its default.
  [[nodiscard]] config_error error(const std::string& key, const std::string& text) const;
};

struct config_result {
  std::optional<config> value;  // set when `errors` is empty
  std::vector<config_error> errors;
  config_places places;
};

// Looks a variable up for ${VAR}; nothing: not set.
using environment_lookup = std::function<std::optional<std::string>(std::string_view name)>;

// At most this many bytes are read from a config file.
inline constexpr std::size_t max_config_size = 1u << 20;

// Pure: parses `text`; `file` only names it in errors. Keys that are not there have the defaults of the structs above;
// `events.reserved` is filled from the names of `auth` and `rooms` and those of Socket.IO itself, `local.filter_fields`
// from `events.rules`. The errors come in the file's order, at most 20 and one that counts the others. An error about a
// value shows it and names the variables that it came from; it shows nothing of a token, a header, a payload, or of the
// user, password and query in a URL.
[[nodiscard]] config_result parse_config(std::string_view text, std::string_view file,
                                         const environment_lookup& environment);

// Reads `path` and parses it with the process's environment. I/O errors are config errors of line 0.
[[nodiscard]] config_result load_config(const std::string& path);

// The keys (dotted, e.g. "rooms.declared") whose values differ, in the schema's order.
[[nodiscard]] std::vector<std::string> changed_keys(const config& before, const config& after);

}  // namespace roombridge::service
