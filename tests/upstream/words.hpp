// SPDX-License-Identifier: MIT
// The words of the console's lines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace test_upstream {

// Takes the first word and the blank after it off `text`.
[[nodiscard]] std::string_view take_word(std::string_view& text);

// All of `text` as a decimal number; nothing when it is none or does not fit.
[[nodiscard]] std::optional<unsigned> to_number(std::string_view text);

[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace test_upstream
