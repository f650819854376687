// SPDX-License-Identifier: MIT
// What a JSON Web Token (RFC 7519) says of itself. Nothing is verified: that is the server's part, and the token is our
// own. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// The JSON text of the claims, its grammar unchecked; nothing: not three parts in base64url (RFC 7515 section 3.1).
[[nodiscard]] std::optional<std::string> jwt_claims(std::string_view token);

// The claim `exp`; nothing: no JWT, no such claim, no number, or not within the years 1970 to 9999.
[[nodiscard]] std::optional<std::chrono::sys_seconds> jwt_expiry(std::string_view token);

// "2026-01-31 23:59:59 UTC".
[[nodiscard]] std::string in_utc(std::chrono::sys_seconds time);

}  // namespace roombridge::upstream
