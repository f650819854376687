// SPDX-License-Identifier: MIT
// A token as it was read, and the reading itself. No watching here (token_source.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// Larger ones are refused before they are read whole.
inline constexpr std::size_t max_token_size = 64 * 1024;

struct token_reading {
  std::optional<std::string> token;  // without surrounding white space; empty only for token_none
  failure missing;                   // when there is none: token_missing or token_unreadable, and what to do
  bool operator==(const token_reading&) const = default;
};

// Reads from where the options say, which is not a command (asserted). An empty file or variable counts as missing.
[[nodiscard]] token_reading read_token(const token_options& options);

// What was read there, without a byte order mark and surrounding white space; nothing but white space is no token, and
// what token_fault() finds is none that can be used. `where`: for a person.
[[nodiscard]] token_reading make_token(std::string_view text, const std::string& where);

// SHA-256 in hexadecimal: knows a token again without keeping it.
[[nodiscard]] std::string token_digest(std::string_view token);

// The file behind the options, if it is one: a credential's lies in $CREDENTIALS_DIRECTORY.
[[nodiscard]] std::optional<std::string> token_path(const token_options& options);

}  // namespace roombridge::upstream
