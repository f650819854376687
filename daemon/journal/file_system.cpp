// SPDX-License-Identifier: MIT
#include "daemon/journal/file_system.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace roombridge::journal {

int file_system::open(int directory, const char* name, int flags, mode_t mode) {
  return ::openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}
ssize_t file_system::read_at(int fd, std::span<std::byte> out, off_t offset) {
  return ::pread(fd, out.data(), out.size(), offset);
}
ssize_t file_system::write_at(int fd, std::span<const std::byte> bytes, off_t offset) {
  return ::pwrite(fd, bytes.data(), bytes.size(), offset);
}
int file_system::truncate(int fd, off_t size) {
  return ::ftruncate(fd, size);
}
int file_system::sync_data(int fd) {
  return ::fdatasync(fd);
}
int file_system::sync_directory(int fd) {
  return ::fsync(fd);
}
int file_system::remove(int directory, const char* name) {
  return ::unlinkat(directory, name, 0);
}

}  // namespace roombridge::journal
