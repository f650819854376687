// SPDX-License-Identifier: MIT
// ${NAME} and ${NAME:-default} in a scalar of the config. It works on the parsed scalar, so that a variable's value can
// never become structure. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/config/values.hpp"

namespace roombridge::config {

// Looks a variable up for ${VAR}; nothing: not set.
using environment_lookup = std::function<std::optional<std::string>(std::string_view name)>;

// Bytes of one value after substitution.
inline constexpr std::size_t max_value_size = 4096;

struct substituted {
  std::string text;
  std::vector<std::string> variables;  // the names of those whose value is in it, each once
};

// `written` with its variables put in. The default stands for a variable that is unset or empty, ends at the matching
// brace and is taken literally. "$${" gives "${"; any other dollar is itself. A problem names a variable, never its
// value.
[[nodiscard]] parsed<substituted> substitute(std::string_view written, const environment_lookup& environment);

}  // namespace roombridge::config
