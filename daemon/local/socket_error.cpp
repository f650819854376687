// SPDX-License-Identifier: MIT
#include "daemon/local/socket_error.hpp"

#include <cerrno>
#include <utility>

namespace roombridge::local {

socket_error::socket_error(int error, std::string key, const std::string& text)
    : std::runtime_error(text), error_(error), key_(std::move(key)) {}

bool socket_error::lasts() const {
  switch (error_) {
    case EACCES:
    case EEXIST:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case EPERM:
    case EROFS:
      return true;
    default:
      return false;  // a full disk, no descriptors, somebody who listens there: all of these may end
  }
}

}  // namespace roombridge::local
