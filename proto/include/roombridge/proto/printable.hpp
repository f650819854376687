// SPDX-License-Identifier: MIT
// Text that somebody else has written (a server, a program, a file), made safe for a terminal, a log and a line of
// output. The one rule of the whole project. Escaped are: control characters (U+0000..U+001F, U+007F..U+009F), what
// changes the direction of the text around it (U+061C, U+200E, U+200F, U+202A..U+202E, U+2066..U+2069), line and
// paragraph separators (U+2028, U+2029), what is seen as nothing (U+200B, U+2060, U+FEFF) and tags (U+E0000..U+E007F).
// All else stays.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace roombridge::proto {

// Escapes are \n, \r, \t, \u202e, \u{e0041}, and \xff for a byte that belongs to no UTF-8 character. The result is
// UTF-8 whatever the text was. A backslash stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

// The same of the first `limit` bytes, less the half of a character, with "..." behind it where something was cut.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);

// JSON text that stays the same JSON: escapes are \u202e, with surrogates where it takes two. On one line: line breaks,
// which JSON has only between its tokens, become spaces. A byte that belongs to no character becomes \ufffd.
[[nodiscard]] std::string printable_json(std::string_view json);

// Of UTF-8: U+0000..U+001F or U+007F..U+009F.
[[nodiscard]] bool has_control_character(std::string_view text);

}  // namespace roombridge::proto
