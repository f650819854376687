// SPDX-License-Identifier: MIT
// Reading and writing more than one system call takes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/journal/file_system.hpp"

namespace roombridge::journal {

struct reading {
  std::vector<std::byte> bytes{};
  int error = 0;  // errno of the first read that failed; 0: none did
};
// `size` bytes, or as many as there are. A page that the disk does not give (EIO) is zeros, and what lies behind it is
// read all the same; any other error ends the reading.
[[nodiscard]] reading read_at(file_system& files, int fd, std::size_t offset, std::size_t size);
// At most `most` bytes from the front, likewise.
[[nodiscard]] reading read_front(file_system& files, int fd, std::size_t most);

// False: errno says why.
[[nodiscard]] bool write_whole(file_system& files, int fd, std::span<const std::byte> bytes, std::size_t offset);

// What could not be done, and where, with the words for errno; `name`, if there is one, lies in the directory.
[[nodiscard]] std::string failure_text(std::string_view what, std::string_view directory, std::string_view name = {});

}  // namespace roombridge::journal
