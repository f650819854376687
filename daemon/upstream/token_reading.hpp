// SPDX-License-Identifier: MIT
// A token as it was read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/upstream/cause.hpp"

namespace roombridge::upstream {

struct token_reading {
  std::optional<std::string> token;  // without surrounding white space; empty only for token_none
  failure missing;                   // when there is none: token_missing or token_unreadable, and what to do
  bool operator==(const token_reading&) const = default;
};

// SHA-256 in hexadecimal: knows a token again without keeping it.
[[nodiscard]] std::string token_digest(std::string_view token);

}  // namespace roombridge::upstream
