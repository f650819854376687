// SPDX-License-Identifier: MIT
// Finds values in a JSON text without reading them. Whatever servers legally send passes: lone surrogates, numbers of
// any length, deep nesting (it is iterative), repeated names; what is not JSON does not. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roombridge {

// The values of a list, and the members of an object, as they are written; of a repeated name the last. Nothing: the
// text is no JSON, or another value. The views are into it.
[[nodiscard]] std::optional<std::vector<std::string_view>> json_elements(std::string_view text);
[[nodiscard]] std::optional<std::map<std::string, std::string_view>> json_members(std::string_view text);

// Whether a well-formed value is of this kind.
[[nodiscard]] inline bool is_json_string(std::string_view value) {
  return value.starts_with('"');
}
[[nodiscard]] inline bool is_json_number(std::string_view value) {
  return !value.empty() && (value.front() == '-' || (value.front() >= '0' && value.front() <= '9'));
}

// What a string says, in UTF-8; half of a surrogate pair becomes U+FFFD. Precondition: a well-formed string.
[[nodiscard]] std::string json_string_text(std::string_view quoted);

}  // namespace roombridge
