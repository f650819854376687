// SPDX-License-Identifier: MIT
// One message as one line, for people and for programs. Pure but for the time zone.
#pragma once

#include <cstdint>
#include <string>

#include <roombridge/messages.hpp>

#include "clients/ctl/style.hpp"

namespace roombridge::ctl {

// A JSON object: `type` ("event", "status", "gap", "live", "bye", "error", "trace", "closed") and the fields of the
// protocol's head. An event has its payload in `arguments`, as the server wrote it but for line breaks and what
// printable_json() escapes, and its attachments as base64 in `data`. Empty for messages that say nothing to a reader
// (answers, WELCOME).
[[nodiscard]] std::string json_line(const message& what);

// Text. `now`: µs since the Unix epoch. Empty as above.
[[nodiscard]] std::string text_line(const message& what, const style& look, std::int64_t now);

// A status in words: "authenticated since 12:30:01; rooms: shop-7". Used by tail and wait.
[[nodiscard]] std::string status_text(const status& what, const style& look, std::int64_t now);

// The state in its colour.
[[nodiscard]] std::string state_text(std::string_view state, const style& look);

}  // namespace roombridge::ctl
