// SPDX-License-Identifier: MIT
// A file with a token or a password, and why it cannot be read in words.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "daemon/base/file_trust.hpp"

namespace roombridge {

using file_opened = std::function<void(const std::string& path, const file_facts& facts)>;

struct secret_reading {
  std::optional<std::string> text;  // at most one byte more than was allowed: whoever allowed it says what that means
  bool absent = false;              // there is no such file
  std::string why;                  // when there is no text: in words, and what to do; nothing of the content
};

// `where` begins the words: "the token file /etc/roombridge/token".
// `opened` is told what the descriptor says of the file, whenever one is read; it may be empty.
[[nodiscard]] secret_reading read_secret_file(const std::string& path, const std::string& where, std::size_t most,
                                              const file_opened& opened = {});

}  // namespace roombridge
