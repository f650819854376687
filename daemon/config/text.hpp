// SPDX-License-Identifier: MIT
// Bytes that may be text: UTF-8 without control characters. Checked before the YAML library sees a file, because that
// library guesses other encodings, replaces what is not UTF-8 and takes some control characters for the end of the
// file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/errors.hpp"

namespace roombridge::config {

struct text_fault {
  position where;
  std::string text;
};

// The length of the UTF-8 character at the front of `text`, 0 when there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF). `text` is not empty.
[[nodiscard]] std::size_t character_size(std::string_view text);

// The first byte of a file that cannot stand there. Tab, line feed and carriage return can.
[[nodiscard]] std::optional<text_fault> find_text_fault(std::string_view file);

// Whether a value is UTF-8 without any control character.
[[nodiscard]] bool is_clean_text(std::string_view value);

}  // namespace roombridge::config
