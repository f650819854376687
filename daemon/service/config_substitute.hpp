// SPDX-License-Identifier: MIT
// ${NAME} and ${NAME:-default} in a scalar of the config. It works on the parsed scalar, so that a variable's value can
// never become structure. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/service/config.hpp"
#include "daemon/service/config_values.hpp"

namespace roombridge::service::reading {

// Bytes of one value after substitution.
inline constexpr std::size_t max_value_size = 4096;

// `written` with its variables put in. The default stands for a variable that is unset or empty, ends at the matching
// brace and is taken literally. "$${" gives "${"; any other dollar is itself. A problem names a variable, never its
// value.
[[nodiscard]] parsed<std::string> substitute(std::string_view written, const environment_lookup& environment);

}  // namespace roombridge::service::reading
