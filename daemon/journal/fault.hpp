// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace roombridge::journal {

// What did not work, and where, in words for an operator; nothing: it did.
using fault = std::optional<std::string>;

}  // namespace roombridge::journal
