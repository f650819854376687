// SPDX-License-Identifier: MIT
// Reading the config's file, bounded, with errors that say what to do.
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "daemon/base/regular_file.hpp"
#include "daemon/service/config.hpp"

namespace roombridge::service {
namespace {

std::string cannot_read(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such file; create it, or name another with --config";
    case EACCES:
      return "permission denied; let the user that runs roombridged read the file and enter its directories";
    case EISDIR:
      return "is a directory; name the file in it";
    case ENOTSUP:
      return "is not a regular file";
    default:
      return std::string("cannot be read: ") + std::strerror(error);
  }
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

config_result load_config(const std::string& path) {
  const file_reading file = read_regular_file(path, max_config_size);
  if (!file.text) return {std::nullopt, {{path, 0, 0, cannot_read(file.error)}}, {path, {}}};
  return parse_config(*file.text, path, process_environment);
}

}  // namespace roombridge::service
