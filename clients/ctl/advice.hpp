// SPDX-License-Identifier: MIT
// What a person can do about each cause that the daemon names (PROTOCOL.md section 7).
#pragma once

#include <string_view>

namespace roombridge::ctl {

// Empty for a cause of a later daemon.
[[nodiscard]] std::string_view advice_for(std::string_view cause);

}  // namespace roombridge::ctl
