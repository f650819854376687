// SPDX-License-Identifier: MIT
#include "daemon/base/secret_file.hpp"

#include <cerrno>
#include <system_error>

#include "daemon/base/regular_file.hpp"

namespace roombridge {

secret_reading read_secret_file(const std::string& path, const std::string& where, std::size_t most) {
  auto [text, error] = read_regular_file(path, most);
  if (text) return {std::move(text), false, {}};
  const std::string words = std::system_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {std::nullopt, true, where + " does not exist"};
    case EISDIR:
    case ENOTSUP:
      return {std::nullopt, false, where + " is not a regular file"};
    case EACCES:
    case EPERM:
      return {
          std::nullopt, false,
          where + " must not be read by this service (" + words + "): give it to the service's group with mode 0640"};
    default:
      return {std::nullopt, false, where + " cannot be read: " + words};
  }
}

}  // namespace roombridge
