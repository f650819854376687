// SPDX-License-Identifier: MIT
// Templates of the config, filled with fields: `{token}`, `{room}` and whatever the authentication's answer holds, also
// of deeper levels, `{user.id}` (see json_fields). "{{" is a brace. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/upstream/wire/json_text.hpp"

namespace roombridge::upstream {

// What is sent with an event or with CONNECT: JSON with placeholders in its texts.
struct payload_template {
  struct literal {  // a number, true, false or null, as JSON writes it
    std::string json;
    bool operator==(const literal&) const = default;
  };
  using list = std::vector<payload_template>;
  using map = std::vector<std::pair<std::string, payload_template>>;

  // A text that is exactly one placeholder becomes the field's JSON as it was received, any other one a string.
  std::variant<map, list, std::string, literal> form;

  payload_template() = default;  // {}
  explicit payload_template(map from) : form(std::move(from)) {}
  explicit payload_template(list from) : form(std::move(from)) {}
  explicit payload_template(std::string text) : form(std::move(text)) {}
  explicit payload_template(literal from) : form(std::move(from)) {}
  // A map of texts.
  payload_template(std::initializer_list<std::pair<std::string, std::string>> fields);

  [[nodiscard]] bool is_map() const { return std::holds_alternative<map>(form); }
  bool operator==(const payload_template&) const = default;
};

// A field that a template names and that is not there, or has no text (null, an object or an array inside a longer
// text).
struct missing_field {
  std::string name;
  bool operator==(const missing_field&) const = default;
};

// A text, e.g. the value of a header.
[[nodiscard]] std::variant<std::string, missing_field> render_text(std::string_view pattern, const json_fields& fields);

// A text as JSON, e.g. the own room: what a lone placeholder stands for keeps its type.
[[nodiscard]] std::variant<std::string, missing_field> render_value(std::string_view pattern,
                                                                    const json_fields& fields);

// The arguments of an event as a JSON array: the items of a list, or the one argument that anything else is.
[[nodiscard]] std::variant<std::string, missing_field> render_arguments(const payload_template& pattern,
                                                                        const json_fields& fields);

// The fields of an object; `pattern` is a map.
[[nodiscard]] std::variant<json_fields, missing_field> render_fields(const payload_template& pattern,
                                                                     const json_fields& fields);

// Every text with its placeholders, at any depth; the views live as long as `pattern`.
[[nodiscard]] std::vector<std::string_view> texts_of(const payload_template& pattern);

}  // namespace roombridge::upstream
