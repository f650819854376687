// SPDX-License-Identifier: MIT
// The places that binary attachments have in an event's arguments. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace roombridge::events {

// Whether a server can put `count` attachments into `arguments`, a JSON text: every `{"_placeholder":true,…}` in it has
// a `num` from 0 to count − 1. A server ends the connection of who sends another one, so local programs must be stopped
// before. JSON beyond what simdjson's DOM reads (lone surrogates, numbers over 64 bits, more than 1,024 levels) is
// refused, too.
[[nodiscard]] bool placeholders_fit(std::string_view arguments, std::size_t count);

}  // namespace roombridge::events
