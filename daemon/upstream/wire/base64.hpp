// SPDX-License-Identifier: MIT
// Base64 with padding (RFC 4648 section 4), by OpenSSL. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// Of the text for `bytes` bytes.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

// Appends the text. `bytes` has at most 1 GiB and does not lie in `out`.
void append_base64(std::string& out, std::string_view bytes);

// The bytes; nothing when this is no base64: another character, also white space, a wrong length or padding.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace roombridge::upstream
