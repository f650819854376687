// SPDX-License-Identifier: MIT
// One run of the command that prints the token: started without a shell, awaited without blocking, killed with its
// whole process group when its time is over and when it has left something running behind itself.
//
// The program inherits the daemon's user, environment and working directory, and none of its descriptors: stdin is
// /dev/null, stdout is the token, stderr's first line explains a failure.
#pragma once

#include <functional>
#include <memory>

#include "daemon/base/io.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/token/token.hpp"

namespace roombridge::upstream {

class command_run {
 public:
  using receiver = std::function<void(token_reading)>;

  // `done` gets the token, token_missing for empty output of a success, or token_command_failed.
  command_run(io::context& context, const token_command& command, receiver done);
  ~command_run();
  command_run(const command_run&) = delete;
  command_run& operator=(const command_run&) = delete;

  // Once. A program that cannot be started is told before it returns.
  void start();

  // Kills it; `done` is not called any more.
  void abandon();

  [[nodiscard]] bool under_way() const;

 private:
  class impl;
  std::shared_ptr<impl> impl_;  // lives until the kernel has told the program's end
};

}  // namespace roombridge::upstream
