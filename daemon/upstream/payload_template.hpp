// SPDX-License-Identifier: MIT
// Templates of the config, filled with fields: `{token}`, `{room}` and whatever the authentication's answer holds. "{{"
// is a brace. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/upstream/json_text.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::upstream {

// A field that a template names and that is not there, or has no text (null, an object or an array inside a longer
// text).
struct missing_field {
  std::string name;
  bool operator==(const missing_field&) const = default;
};

// A text, e.g. the own room's name.
[[nodiscard]] std::variant<std::string, missing_field> render_text(std::string_view pattern, const json_fields& fields);

// The fields of a JSON object. A value that is exactly one placeholder becomes the field's JSON as it was received; any
// other value is a string.
[[nodiscard]] std::variant<json_fields, missing_field> render_fields(const payload_template& pattern,
                                                                     const json_fields& fields);

// The same as JSON text.
[[nodiscard]] std::variant<std::string, missing_field> render_object(const payload_template& pattern,
                                                                     const json_fields& fields);

}  // namespace roombridge::upstream
