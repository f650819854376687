// SPDX-License-Identifier: MIT
#include "daemon/journal/file_io.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace roombridge::journal {

namespace {

constexpr std::size_t page = 4096;  // the disk loses no less at a time

}  // namespace

reading read_at(file_system& files, int fd, std::size_t offset, std::size_t size) {
  reading out{.bytes = std::vector<std::byte>(size)};
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = files.read_at(fd, std::span{out.bytes}.subspan(have), static_cast<off_t>(offset + have));
    if (got > 0) have += static_cast<std::size_t>(got);
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    if (got == 0) break;
    if (out.error == 0) out.error = errno;
    if (errno != EIO) break;
    have += std::min(size - have, page - (offset + have) % page);
  }
  out.bytes.resize(have);
  return out;
}

reading read_front(file_system& files, int fd, std::size_t most) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return {.error = errno};
  return read_at(files, fd, 0, std::min(static_cast<std::size_t>(about.st_size), most));
}

bool write_whole(file_system& files, int fd, std::span<const std::byte> bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t size = files.write_at(fd, bytes, static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) errno = EIO;
    if (size <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(size));
    offset += static_cast<std::size_t>(size);
  }
  return true;
}

namespace {

// For an operator, behind the words for the error; empty: these say enough.
std::string_view remedy(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return " (free space there, or make journal.capacity smaller)";
    case EACCES:
    case EPERM:
      return " (it must belong to the user that the daemon runs as)";
    case ENOENT:
      return " (the directory in which it is to lie must be there)";
    case EROFS:
      return " (the daemon must be let write there: see the mount, and ReadWritePaths= of its unit)";
    case ENOTDIR:
      return " (something else has this name: move that away)";
    default:
      return {};
  }
}

}  // namespace

std::string failure_text(std::string_view what, std::string_view directory, std::string_view name) {
  const int error = errno;
  std::string text = "journal: cannot " + std::string(what) + ' ' + std::string(directory);
  if (!name.empty()) text += '/' + std::string(name);
  return text.append(": ").append(std::strerror(error)).append(remedy(error));
}

}  // namespace roombridge::journal
