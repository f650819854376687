// SPDX-License-Identifier: MIT
// Single values of the config that are text: names, rooms, templates, paths. Rules as in values.hpp;
// what reaches them is clean text of at most max_value_size bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/config/values.hpp"
#include "daemon/upstream/room_name.hpp"

namespace roombridge::config {

using text_result = parsed<std::string>;

// Bytes of an event's name, a room or a topic's template: what a pattern can match (PROTOCOL.md section 4).
inline constexpr std::size_t max_name_size = 256;

// Not empty, within max_name_size, none of Socket.IO's own.
[[nodiscard]] text_result event_name(std::string_view text);

// A top-level field of a JSON object: not empty, within max_name_size.
[[nodiscard]] text_result field_name(std::string_view text);

// One by whose values programs subscribe: without `=`, which ends its name in an event's index entry.
[[nodiscard]] text_result filter_field_name(std::string_view text);

// A room as it is sent: a text, not empty, within max_name_size, no template; or, `plain` (without quotes), a whole
// number that a server in JavaScript has exactly.
[[nodiscard]] parsed<upstream::room_name> declared_room(std::string_view text, bool plain);

// A name, or a prefix and one `*` (PROTOCOL.md section 4).
[[nodiscard]] text_result name_pattern(std::string_view text);

// Any text within max_name_size, also none.
[[nodiscard]] text_result plain_text(std::string_view text);

// The name or number of a user or a group.
[[nodiscard]] text_result account_name(std::string_view text);

// The same, or empty.
[[nodiscard]] text_result account_or_nothing(std::string_view text);

// The name of an environment variable: letters, digits, underscores, no digit first, at most 128.
[[nodiscard]] bool is_variable_name(std::string_view text);
[[nodiscard]] text_result variable_name(std::string_view text);

// A file name without a directory.
[[nodiscard]] text_result credential_name(std::string_view text);

// An argument of a program; may be empty.
[[nodiscard]] text_result argument(std::string_view text);

[[nodiscard]] text_result absolute_path(std::string_view text);
[[nodiscard]] text_result absolute_path_or_nothing(std::string_view text);

// Absolute and short enough for sockaddr_un.
[[nodiscard]] text_result socket_path(std::string_view text);

// The path of a URL: begins with a slash; no query, no fragment, no blanks, ASCII.
[[nodiscard]] text_result url_path(std::string_view text);

// The name of an HTTP header (RFC 9110 section 5.1) that is not one of the handshake's own.
[[nodiscard]] text_result header_name(std::string_view text);

// A parameter of a URL's query that Engine.IO does not use itself.
[[nodiscard]] text_result query_name(std::string_view text);

// The value of a header or of a parameter of a URL: at most 4 KiB, without blanks around it.
[[nodiscard]] text_result request_value(std::string_view text);

// A Socket.IO namespace: begins with a slash; no comma (it ends the namespace in a packet), no query.
[[nodiscard]] text_result socketio_namespace(std::string_view text);

// The base64 of a SHA-256, as upstream.tls.pins has them: 43 characters and "=".
[[nodiscard]] text_result key_pin(std::string_view text);

// Which placeholders a template may hold.
enum class placeholders {
  token,         // {token} alone
  answer,        // fields of the authentication's answer: not {room}, not {token}
  room_request,  // {room} and fields of the answer: not {token}
  event          // fields of an event
};

// "literal {field}"; "{{" and "}}" are braces.
struct text_template {
  placeholders allowed;
  std::size_t least = 1;  // bytes; 0: may be empty
  std::size_t most = max_name_size;
  [[nodiscard]] text_result operator()(std::string_view text) const;
  [[nodiscard]] text_result check(std::string_view text) const;
};

// `rule`, whose refusals never show the value.
template <typename Rule>
[[nodiscard]] auto confidential(Rule rule) {
  return [rule](std::string_view text) {
    auto result = rule(text);
    if (auto* wrong = std::get_if<problem>(&result)) wrong->shown = visible::nothing;
    return result;
  };
}

}  // namespace roombridge::config
