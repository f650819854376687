// SPDX-License-Identifier: MIT
#include "daemon/base/secret_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "daemon/base/regular_file.hpp"

namespace roombridge {

secret_reading read_secret_file(const std::string& path, const std::string& where, std::size_t most,
                                const file_opened& opened) {
  auto [text, error, facts] = read_regular_file(path, most);
  if (text && opened) opened(path, facts);
  if (text) return {std::move(text), false, {}};
  const bool absent = error == ENOENT || error == ENOTDIR;
  std::string why = where + ' ' + describe_unread(error);
  if (error == EACCES || error == EPERM)
    why = where + " must not be read by this service (" + std::system_category().message(error) +
          "): give it to the service's group with mode 0640";
  return {std::nullopt, absent, std::move(why)};
}

}  // namespace roombridge
