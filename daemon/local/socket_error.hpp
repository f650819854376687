// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

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

}  // namespace roombridge::local
