// SPDX-License-Identifier: MIT
// Reading the configuration from YAML. Reading is all or nothing: the settings, or a list of errors, each with file,
// line, column, what is wrong, what was expected and, for an unknown key, the nearest valid one. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/errors.hpp"
#include "daemon/config/settings.hpp"
#include "daemon/config/substitute.hpp"

namespace roombridge::config {

struct reading {
  std::optional<settings> value;  // set when `errors` is empty
  std::vector<error> errors;
  key_places places;
  std::vector<std::string> secret_keys{};  // whose values in the file itself are secret (written_secrets.hpp)
};

// The most bytes that a config file may have.
inline constexpr std::size_t max_file_size = 1u << 20;

// Parses `text`; `file` only names it in errors. Keys that are not there have the defaults of the settings. The errors
// come in the file's order, at most max_errors and one that counts the others. An error about a value shows it and
// names the variables that it came from; it shows nothing of a token, a header, a payload, or of the user, password and
// query in a URL.
[[nodiscard]] reading parse(std::string_view text, std::string_view file, const environment_lookup& environment);

}  // namespace roombridge::config
