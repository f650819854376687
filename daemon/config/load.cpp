// SPDX-License-Identifier: MIT
#include "daemon/config/load.hpp"

#include <cerrno>
#include <cstdlib>

#include "daemon/base/regular_file.hpp"

namespace roombridge::config {
namespace {

std::string cannot_read(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such file; create it, or name another with --config";
    case EACCES:
      return "permission denied; let the user that runs roombridged read the file and enter its directories";
    default:
      return describe_unread(error);
  }
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

reading load(const std::string& path) {
  const file_reading file = read_regular_file(path, max_file_size);
  if (!file.text) return {std::nullopt, {{path, 0, 0, cannot_read(file.error)}}, {path, {}}};
  return parse(*file.text, path, process_environment);
}

}  // namespace roombridge::config
