// SPDX-License-Identifier: MIT
// How the upstream session stands, and what came of holding a room: values that the session machine, the client that
// drives it and the rest of the daemon share.
#pragma once

#include <cstdint>
#include <string_view>

namespace roombridge::upstream {

enum class state : std::uint8_t { offline, connecting, connected, authenticating, authenticated };
[[nodiscard]] std::string_view to_string(state value);

// Why a room is not held.
enum class join_error : std::uint8_t { none, refused, too_many, not_connected };

}  // namespace roombridge::upstream
