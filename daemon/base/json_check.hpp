// SPDX-License-Identifier: MIT
// The grammar of JSON (RFC 8259), and nothing beyond it: what servers legally send passes, also escaped lone
// surrogates, numbers of any length and repeated keys; what is not JSON does not. Needed because On-Demand parsers do
// not look at what is not read. Pure, iterative.
#pragma once

#include <cstddef>
#include <string_view>

namespace roombridge {

inline constexpr std::size_t max_json_depth = 4096;

enum class json_fault { none, syntax, too_deep };

struct json_verdict {
  json_fault fault = json_fault::none;
  std::size_t offset = 0;  // of the first byte that does not fit; text.size() when the text ends too early
  explicit operator bool() const { return fault == json_fault::none; }
};

// Whether `text` is one JSON value, white space around it allowed, with arrays and objects nested at most
// `max_json_depth` levels. UTF-8 is not checked here: text from a WebSocket has passed that check, text from elsewhere
// must be checked by the caller.
[[nodiscard]] json_verdict check_json(std::string_view text);

}  // namespace roombridge
