// SPDX-License-Identifier: MIT
// The listening Unix socket in the file system.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/base/unique_fd.hpp"
#include "daemon/local/socket_access.hpp"
#include "daemon/local/socket_error.hpp"
#include "daemon/local/socket_place.hpp"

namespace roombridge::local {

class listener {
 public:
  // Binds under another name, sets owner, group and mode, listens, and only then renames to `path`: nobody can
  // connect with rights that `access` does not give, or before anybody listens. A socket file on which nobody listens
  // is replaced; anything else there is an error, and so is a directory that others may write. Throws socket_error.
  listener(std::string path, const socket_access& access);
  // Removes the socket file, if it is still this one.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  // Non-blocking.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Whether who opens the path still gets here.
  [[nodiscard]] bool in_place() const;

 private:
  std::string path_;
  socket_place place_;
  unique_fd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace roombridge::local
