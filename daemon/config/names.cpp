// SPDX-License-Identifier: MIT
#include "daemon/config/names.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <roombridge/proto/pattern.hpp>
#include <system_error>
#include <vector>

#include "daemon/base/ascii.hpp"
#include "daemon/base/field_template.hpp"
#include "daemon/upstream/reserved_names.hpp"
#include "daemon/upstream/server_address.hpp"

namespace roombridge::config {
namespace {

// What sockaddr_un::sun_path holds, less the final NUL and the ".new" behind the path while the socket is made.
constexpr std::size_t max_socket_path = 103;

constexpr std::string_view handshake_headers[] = {"accept-encoding", "connection",        "content-length", "host",
                                                  "upgrade",         "transfer-encoding", "user-agent"};
constexpr std::string_view engineio_parameters[] = {"EIO", "transport", "sid", "j", "b64", "t"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Printable ASCII without a blank.
bool is_graphic(char c) {
  return c > 0x20 && c < 0x7f;
}

// A number of JSON that stays what it is in JavaScript, and is written in one way only.
bool is_exact_integer(std::string_view json) {
  constexpr std::int64_t most = std::int64_t{1} << 53;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
  return error == std::errc() && end == json.data() + json.size() && value <= most && value >= -most && json != "-0";
}

std::optional<problem> check_size(std::string_view text) {
  if (text.empty()) return problem{"must not be empty"};
  if (text.size() > max_name_size) return problem{"longer than " + std::to_string(max_name_size) + " bytes"};
  return std::nullopt;
}

std::string_view allowed_words(placeholders allowed) {
  switch (allowed) {
    case placeholders::token:
      return "the only placeholder here is {token}";
    case placeholders::answer:
      return "placeholders here are fields of the authentication's answer, neither {token} nor {room}";
    case placeholders::room_request:
      return "placeholders here are {room} and fields of the authentication's answer, not {token}";
    case placeholders::event:
      break;
  }
  return "";
}

bool is_allowed(placeholders allowed, std::string_view field) {
  switch (allowed) {
    case placeholders::token:
      return field == "token";
    case placeholders::answer:
      return field != "token" && field != "room";
    case placeholders::room_request:
      return field != "token";
    case placeholders::event:
      break;
  }
  return true;
}

}  // namespace

text_result event_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  if (std::find(std::begin(upstream::socketio_names), std::end(upstream::socketio_names), text) !=
      std::end(upstream::socketio_names)) {
    return problem{"Socket.IO keeps this name to itself; no event can have it"};
  }
  return std::string(text);
}

text_result field_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  return std::string(text);
}

text_result filter_field_name(std::string_view text) {
  auto name = field_name(text);
  if (text.find('=') != std::string_view::npos)
    return problem{"programs cannot subscribe by a field with = in its name"};
  return name;
}

parsed<upstream::room_name> declared_room(std::string_view text, bool plain) {
  if (auto wrong = check_size(text)) return *wrong;
  const auto literal = plain ? plain_literal(text) : parsed<std::optional<std::string>>{};
  if (const auto* wrong = std::get_if<problem>(&literal)) return *wrong;
  if (const auto& json = std::get<0>(literal)) {
    if (is_exact_integer(*json)) return upstream::room_name::of_number(*json);
    return problem{"without quotes this is no text, and a room that is a number is a whole one, at most 2^53"};
  }
  if (text.find_first_of("{}") != std::string_view::npos) {
    return problem{"a declared room is literal, without braces; the template of the user's own room is rooms.own"};
  }
  return upstream::room_name(text);
}

text_result name_pattern(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  if (!proto::is_valid_pattern(text)) return problem{"not a pattern: a name, or a prefix and one * at its end"};
  return std::string(text);
}

text_result plain_text(std::string_view text) {
  return text.empty() ? std::string() : field_name(text);
}

text_result account_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  if (text.find_first_of(" :/,") != std::string_view::npos) return problem{"not the name or number of an account"};
  return std::string(text);
}

text_result account_or_nothing(std::string_view text) {
  return text.empty() ? std::string() : account_name(text);
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && !is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

text_result variable_name(std::string_view text) {
  if (!is_variable_name(text))
    return problem{"not the name of an environment variable: letters, digits and underscores"};
  return std::string(text);
}

text_result credential_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  if (text == "." || text == ".." || text.find('/') != std::string_view::npos) {
    return problem{"not the name of a systemd credential: a file name without a directory"};
  }
  return std::string(text);
}

text_result argument(std::string_view text) {
  return std::string(text);
}

text_result absolute_path(std::string_view text) {
  if (!text.starts_with('/')) return problem{"must be an absolute path"};
  if (text.ends_with('/')) return problem{"must name a file, not a directory"};
  return std::string(text);
}

text_result absolute_path_or_nothing(std::string_view text) {
  return text.empty() ? std::string() : absolute_path(text);
}

text_result key_pin(std::string_view text) {
  constexpr std::size_t length = 43;  // of 32 bytes, before the padding
  const auto possible = [](char c) { return (is_letter(c) && c != '_') || is_digit(c) || c == '+' || c == '/'; };
  const std::string_view digits = text.substr(0, length);
  if (text.size() != length + 1 || text.back() != '=' || !std::all_of(digits.begin(), digits.end(), possible)) {
    return problem{"not the SHA-256 of a public key in base64: 43 characters and \"=\""};
  }
  return std::string(text);
}

text_result socket_path(std::string_view text) {
  if (text.size() > max_socket_path) {
    return problem{"longer than " + std::to_string(max_socket_path) +
                   " bytes, the most that the socket's path can have"};
  }
  return absolute_path(text);
}

text_result url_path(std::string_view text) {
  if (!text.starts_with('/')) return problem{"must begin with a slash"};
  if (!upstream::is_request_path(text)) return problem{"not the path of a URL: ASCII without blanks, '?' and '#'"};
  return std::string(text);
}

text_result header_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  const bool token = std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^`|~").find(c) != std::string_view::npos;
  });
  if (!token) return problem{"not the name of an HTTP header"};
  const std::string name = to_lower(text);
  const bool ours =
      std::find(std::begin(handshake_headers), std::end(handshake_headers), name) != std::end(handshake_headers);
  if (ours || name.starts_with("sec-websocket-")) return problem{"a header of the handshake itself"};
  return std::string(text);
}

text_result query_name(std::string_view text) {
  if (auto wrong = check_size(text)) return *wrong;
  if (std::find(std::begin(engineio_parameters), std::end(engineio_parameters), text) !=
      std::end(engineio_parameters)) {
    return problem{"Engine.IO uses this parameter itself"};
  }
  return std::string(text);
}

text_result request_value(std::string_view text) {
  constexpr std::size_t most = 4096;
  if (text.size() > most) return problem{"longer than " + std::to_string(most) + " bytes"};
  if (text.starts_with(' ') || text.ends_with(' ')) return problem{"blanks around it would be lost on the way"};
  return std::string(text);
}

text_result socketio_namespace(std::string_view text) {
  if (!text.starts_with('/')) return problem{"must begin with a slash"};
  if (!std::all_of(text.begin(), text.end(), [](char c) { return is_graphic(c) && c != '?' && c != ','; })) {
    return problem{"not a Socket.IO namespace: ASCII without blanks, ',' and '?'"};
  }
  return std::string(text);
}

text_result text_template::operator()(std::string_view text) const {
  text_result result = check(text);
  // What goes to the server with the token may be a secret as well.
  const bool secret = allowed == placeholders::token || allowed == placeholders::room_request;
  if (auto* wrong = std::get_if<problem>(&result); wrong != nullptr && secret) wrong->shown = visible::written;
  return result;
}

text_result text_template::check(std::string_view text) const {
  if (text.size() < least) return problem{"must not be empty"};
  if (text.size() > most) return problem{"longer than " + std::to_string(most) + " bytes"};
  const auto pieces = split_template(text);
  if (!pieces) return problem{"the braces do not match: {field} is a placeholder, {{ and }} are braces"};
  for (const auto& [field, is_field] : *pieces) {
    if (!is_field) continue;
    if (field.front() == ' ' || field.back() == ' ') {
      return problem{"blanks inside a placeholder would be part of the field's name", '{' + field + '}'};
    }
    if (!is_allowed(allowed, field)) return problem{std::string(allowed_words(allowed)), '{' + field + '}'};
  }
  return std::string(text);
}

}  // namespace roombridge::config
