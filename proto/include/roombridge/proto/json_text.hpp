// SPDX-License-Identifier: MIT
// Text as the inside of a JSON string, for heads that are written without a JSON library. Pure, allocates only in the
// std::string forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roombridge::proto {

// All take UTF-8 and do not check it. Quote, backslash and U+0000..U+001F are escaped, everything else is left as it
// is.

// Bytes that write_json_text() will write; at most 6 * text.size().
[[nodiscard]] std::size_t json_text_size(std::string_view text) noexcept;

// Writes without quotes; `out` has room for json_text_size(text) bytes. Returns the end of what was written.
char* write_json_text(char* out, std::string_view text) noexcept;

// Appends without quotes.
void append_json_text(std::string& out, std::string_view text);

// Appends with quotes.
void append_json_string(std::string& out, std::string_view text);

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace roombridge::proto
