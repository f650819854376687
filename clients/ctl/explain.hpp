// SPDX-License-Identifier: MIT
// The result of the call `status` (PROTOCOL.md section 7) in words: is it connected, if not why, and what happens next.
// Pure but for the time zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "clients/ctl/style.hpp"

namespace roombridge::ctl {

// Several lines, each with its line break. Nothing when `json` is not an object. Absent fields are left out of the
// text.
[[nodiscard]] std::optional<std::string> explain_status(std::string_view json, const style& look, std::int64_t now);

}  // namespace roombridge::ctl
