// SPDX-License-Identifier: MIT
// Reading a file that somebody else writes: whole, bounded, and without waiting for anybody.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/base/file_trust.hpp"

namespace roombridge {

struct file_reading {
  std::optional<std::string> text;
  int error = 0;       // without a text: of errno; EISDIR for a directory, ENOTSUP for what is neither that nor a file
  file_facts facts{};  // with a text: of the descriptor that it was read from
};

// At most one byte more than `most` is read, so that the caller sees when it is too large. A FIFO is not waited for.
[[nodiscard]] file_reading read_regular_file(const std::string& path, std::size_t most);

// What such an error means, behind the name of the file: "is a directory; name the file in it".
[[nodiscard]] std::string describe_unread(int error);

}  // namespace roombridge
