// SPDX-License-Identifier: MIT
// Reads a token from where the options say. No watching here (token_source.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/secret_file.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/token_reading.hpp"

namespace roombridge::upstream {

// Larger ones are refused before they are read whole.
inline constexpr std::size_t max_token_size = 64 * 1024;

// Reads from where the options say, which is not a command (asserted). An empty file or variable counts as missing.
// `opened`: of a file.
[[nodiscard]] token_reading read_token(const token_options& options, const file_opened& opened = {});

// What was read there, without a byte order mark and surrounding white space; nothing but white space is no token, and
// what token_fault() finds is none that can be used. `where`: for a person.
[[nodiscard]] token_reading make_token(std::string_view text, const std::string& where);

// The file behind the options, if it is one: a credential's lies in $CREDENTIALS_DIRECTORY.
[[nodiscard]] std::optional<std::string> token_path(const token_options& options);

}  // namespace roombridge::upstream
