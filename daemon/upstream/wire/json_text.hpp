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

// The fields of one object, in its order: the name as text, the value as the JSON text that was received.
//
// A field is found by its name or, where none has that, by a path through objects: `user.id` is the field `id` of the
// object `user`.
class json_fields {
 public:
  // What is kept of a peer's object: its first fields, and of these the ones that are not too large.
  static constexpr std::size_t most_fields = 256;
  static constexpr std::size_t most_name = 4096;        // bytes
  static constexpr std::size_t most_value = 64 * 1024;  // bytes; an object that holds a user's profile may be large

  // `arguments`: JSON texts separated by commas, the object first; whatever is not an object gives no fields. The
  // grammar has been checked by the caller; if not, some fields may be missing, as are those beyond the limits above.
  [[nodiscard]] static json_fields of_first(std::string_view arguments);

  // The value as JSON text; empty: there is no such field.
  [[nodiscard]] std::string raw(std::string_view path) const;

  // The value as text: a string without quotes and escapes, a number or a boolean as written. Empty: no such field, or
  // null, an object, an array, or a string with a lone surrogate.
  [[nodiscard]] std::string text(std::string_view path) const;

  // Whether each of these fields has this text; "": there is no such field, or null or an empty string.
  [[nodiscard]] bool match(const std::vector<std::pair<std::string, std::string>>& wanted) const;

  void set(std::string_view name, std::string raw);
  [[nodiscard]] std::string object() const;  // as JSON text
  [[nodiscard]] bool empty() const { return fields_.empty(); }

 private:
  [[nodiscard]] const std::string* find(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> fields_;
};

// Whether an event's array, `["name",…]`, begins with this name; as it is or with escapes. The rest is not looked at.
[[nodiscard]] bool is_event_named(std::string_view array, std::string_view name);
// Of such an array: what stands behind the name, without the bracket. Of what is no array nothing good comes.
[[nodiscard]] std::string_view event_arguments(std::string_view array);

// Whether `text`, which is a JSON value, is a number.
[[nodiscard]] constexpr bool is_number(std::string_view text) {
  return !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

// `text` as a JSON string with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace roombridge::upstream
