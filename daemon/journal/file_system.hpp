// SPDX-License-Identifier: MIT
// The system calls by which the journal reads and changes files, each as its manual page has it: -1 and errno. Tests
// bring their own, which fail.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace roombridge::journal {

class file_system {
 public:
  virtual ~file_system() = default;
  virtual int open(int directory, const char* name, int flags, mode_t mode);
  virtual ssize_t read_at(int fd, std::span<std::byte> out, off_t offset);
  virtual ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset);
  virtual int truncate(int fd, off_t size);
  virtual int sync_data(int fd);
  virtual int sync_directory(int fd);
  virtual int remove(int directory, const char* name);
};

}  // namespace roombridge::journal
