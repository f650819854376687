// SPDX-License-Identifier: MIT
// The offset that a server with connection state recovery appends to an event's arguments: one more string, opaque by
// the protocol. Pure.
//
// A volatile event has none, and its own last argument may be a string. So a string counts as an offset only if it has
// the shape of those that the server has used so far. What remains ambiguous: a volatile event whose own last argument
// looks exactly like the server's offsets loses it, and while only strings of no known shape have been seen, any string
// of `is_token` characters is taken.
#pragma once

#include <cstddef>
#include <string_view>

namespace roombridge::upstream {

// How the known adapters make them.
enum class offset_shape {
  unseen,
  opaque,  // none of those below
  yeast,   // in-memory: milliseconds in base 64, then perhaps "." and a counter ("Pf3xK2a.1")
  stream,  // Redis streams: milliseconds, "-", a counter
  object,  // MongoDB: 24 hexadecimal digits
};

inline constexpr std::size_t offset_limit = 128;  // bytes

// `text`: not empty, at most offset_limit bytes of is_token characters; else `unseen`.
[[nodiscard]] offset_shape shape_of(std::string_view text);

// The last of an event's arguments, without its quotes, if it is a string that may be an offset, else nothing. `data`:
// the array `["name",args…]`, whose grammar need not have been checked; the view points into it.
[[nodiscard]] std::string_view trailing_token(std::string_view data);

// `data` up to the comma before its trailing_token (which there is: asserted); the array's bracket is to be closed.
[[nodiscard]] std::string_view before_token(std::string_view data);

}  // namespace roombridge::upstream
