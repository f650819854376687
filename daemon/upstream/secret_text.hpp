// SPDX-License-Identifier: MIT
// What people put where a secret belongs: a token, or user:password. Pure.
#pragma once

#include <string>
#include <string_view>

namespace roombridge::upstream {

// Without what editors add and nobody means: a byte order mark in front, line ends behind.
[[nodiscard]] std::string_view without_additions(std::string_view text);

// Why this can be no secret, as the end of a sentence that begins with where it stands, and what to do; empty: it can.
// Nothing of the content is told.
[[nodiscard]] std::string secret_fault(std::string_view secret);

// The same of a token, which does not hold what is written around one either ("Bearer ", a JSON document).
[[nodiscard]] std::string token_fault(std::string_view token);

}  // namespace roombridge::upstream
