// SPDX-License-Identifier: MIT
// The listening Unix socket in the file system.
#pragma once

#include <sys/types.h>

#include <stdexcept>
#include <string>

#include "daemon/base/unique_fd.hpp"
#include "daemon/local/options.hpp"

namespace roombridge::local {

// Why the socket cannot be made; what() says it without the key.
class socket_error : public std::runtime_error {
 public:
  // `error`: of errno. `key`: of the config, whose value is at fault.
  socket_error(int error, std::string key, const std::string& text);

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  // It does not pass by itself: somebody has to change the config or the machine.
  [[nodiscard]] bool lasts() const;

 private:
  int error_;
  std::string key_;
};

class listener {
 public:
  // Binds under another name, sets owner, group and mode, listens, and only then renames to `config.socket`: nobody can
  // connect with rights that the config does not give, or before anybody listens. A socket file on which nobody listens
  // is replaced; anything else there is an error. Throws socket_error.
  explicit listener(const options& config);
  // Removes the socket file, if it is still this one.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  // Non-blocking.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Whether who opens the path still gets here.
  [[nodiscard]] bool in_place() const;

 private:
  unique_fd fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace roombridge::local
