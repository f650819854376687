// SPDX-License-Identifier: MIT
// A file with a token or a password, and why it cannot be read in words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace roombridge {

struct secret_reading {
  std::optional<std::string> text;  // at most one byte more than was allowed: whoever allowed it says what that means
  bool absent = false;              // there is no such file
  std::string why;                  // when there is no text: in words, and what to do; nothing of the content
};

// `where` begins the words: "the token file /etc/roombridge/token".
[[nodiscard]] secret_reading read_secret_file(const std::string& path, const std::string& where, std::size_t most);

}  // namespace roombridge
