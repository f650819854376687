// SPDX-License-Identifier: MIT
// Small pieces of JSON as text, for the cold path: the fields of an object with their values as written, and strings to
// be written. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roombridge::upstream {

// The top-level fields of one object, in its order: the name as text, the value as the JSON text that was received.
class json_fields {
 public:
  // What is kept of a peer's object: its first fields, and of these the ones that are not too large.
  static constexpr std::size_t most_fields = 256;
  static constexpr std::size_t most_text = 4096;  // bytes of a name, and of a value

  // `arguments`: JSON texts separated by commas, the object first; whatever is not an object gives no fields. The
  // grammar has been checked by the caller; if not, some fields may be missing, as are those beyond the limits above.
  [[nodiscard]] static json_fields of_first(std::string_view arguments);

  // The value as JSON text; empty: there is no such field.
  [[nodiscard]] std::string_view raw(std::string_view name) const;

  // The value as text: a string without quotes and escapes, a number or a boolean as written. Empty: no such field, or
  // null, an object, an array, or a string with a lone surrogate.
  [[nodiscard]] std::string text(std::string_view name) const;

  void set(std::string_view name, std::string raw);
  [[nodiscard]] std::string object() const;  // as JSON text
  [[nodiscard]] bool empty() const { return fields_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// `text` as a JSON string with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace roombridge::upstream
