// SPDX-License-Identifier: MIT
#include "daemon/base/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "daemon/base/unique_fd.hpp"

namespace roombridge {

file_reading read_regular_file(const std::string& path, std::size_t most) {
  // Not blocking: opening a FIFO must not hang the event thread.
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return {std::nullopt, errno};
  if (S_ISDIR(status.st_mode)) return {std::nullopt, EISDIR};
  if (!S_ISREG(status.st_mode)) return {std::nullopt, ENOTSUP};
  std::string text(most + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {std::nullopt, errno};
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return {std::move(text), 0, facts_of(status)};
}

std::string describe_unread(int error) {
  switch (error) {
    case ENOENT:
      return "does not exist";
    case ENOTDIR:
      return "does not exist: a slash stands behind something that is no directory";
    case EISDIR:
      return "is a directory; name the file in it";
    case ENOTSUP:
      return "is not a regular file";
    case ELOOP:
      return "cannot be reached: its symbolic links lead in a circle, or through too many others";
    default:
      return "cannot be read: " + std::system_category().message(error);
  }
}

}  // namespace roombridge
