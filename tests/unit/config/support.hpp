// SPDX-License-Identifier: MIT
// Short words for tests of the config: parse a text, list its errors as lines.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/parse.hpp"

namespace roombridge::config {

using variables = std::map<std::string, std::string, std::less<>>;

inline reading parse(std::string_view text, const variables& environment = {}) {
  return parse(text, "c.yaml", [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

// The errors of `text`, each as "LINE:COLUMN: TEXT"; "TEXT" for the file as a whole.
inline std::vector<std::string> errors_of(std::string_view text, const variables& environment = {}) {
  std::vector<std::string> lines;
  const reading result = parse(text, environment);
  for (const error& error : result.errors) {
    const std::string place = std::to_string(error.line) + ':' + std::to_string(error.column) + ": ";
    lines.push_back((error.line == 0 ? "" : place) + error.text);
  }
  if (result.value.has_value() != result.errors.empty()) lines.push_back("a config and errors, or neither");
  return lines;
}

}  // namespace roombridge::config
