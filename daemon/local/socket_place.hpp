// SPDX-License-Identifier: MIT
// The directory of the socket, held by a descriptor, and what is done in it. Links in the place of a file are never
// followed, and a directory in which others could put something there is refused: whoever could, would have the daemon
// change owner and mode of a file of their choice, or would answer in its place.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "daemon/base/unique_fd.hpp"

namespace roombridge::local {

class socket_place {
 public:
  // Of the socket `path`. Like all that follows, throws socket_error that names the path and the step.
  explicit socket_place(std::string path);

  // The name of the socket, and that under which it is made.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& made_as() const { return made_as_; }

  // Nothing: there is no file of this name.
  [[nodiscard]] std::optional<struct stat> look_at(const std::string& name) const;
  // As the system calls: 0, or -1 and errno.
  [[nodiscard]] int connect(int socket, const std::string& name) const;
  [[nodiscard]] int bind(int socket, const std::string& name) const;

  // Those of the socket `name`; an id of -1 leaves it as it is. Returns what it is then.
  [[nodiscard]] struct stat give(const std::string& name, uid_t owner, gid_t group, mode_t mode) const;
  // Gives made_as() its name. `over`: over a file of this name; else there must be none.
  void put_in_place(bool over) const;
  // True: it is gone, or there was none; else errno says why not.
  bool remove(const std::string& name) const;

 private:
  std::string path_;
  std::string name_;
  std::string made_as_;
  unique_fd directory_;
};

}  // namespace roombridge::local
