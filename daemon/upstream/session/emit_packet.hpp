// SPDX-License-Identifier: MIT
// An event as the server takes it, within what the server takes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/upstream/emit.hpp"

namespace roombridge::upstream {

// The connection that it is for.
struct emit_limits {
  std::uint64_t payload = 0;  // bytes of a message
  bool polling = false;       // attachments travel in base64
};

struct emit_fault {
  emit_error error = emit_error::none;  // none: there is no fault
  std::string text;                     // otherwise: what, how much, and what the limit is
};

// Appends the event's text message to `out`; its attachments are to follow it. `ack`: the id of the acknowledgement
// that is asked for. A fault: it must not be sent, and `out` means nothing.
[[nodiscard]] emit_fault append_emit(std::string& out, const emit_request& request, std::string_view nsp,
                                     std::optional<std::uint64_t> ack, const emit_limits& limits);

}  // namespace roombridge::upstream
