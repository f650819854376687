// SPDX-License-Identifier: MIT
#include "daemon/service/config.hpp"

namespace roombridge::service {

std::string config_error::to_string() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

}  // namespace roombridge::service
