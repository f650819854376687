// SPDX-License-Identifier: MIT
// Where the token comes from: read afresh whenever asked, and watched where it can change (path_watch.hpp: creation,
// rename over it, removal and the symbolic-link swaps of orchestrators are seen). When watching fails, reading still
// works, and who asks before each attempt misses nothing but time. A command is run for every reading, and not watched.
//
// The token never reaches a log or an error text.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/base/path_watch.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/token/command_run.hpp"
#include "daemon/upstream/token/token.hpp"

namespace roombridge::upstream {

class token_source {
 public:
  using receiver = std::function<void(token_reading)>;

  // `deliver` gets every reading on the event thread: one for what read() asks, and one whenever a watched token may
  // have changed, perhaps without need. `log` outlives the source.
  // `opened` is told of each file that is read; it may be empty.
  token_source(io::context& context, token_options options, logger& log, receiver deliver, file_opened opened = {});
  ~token_source();  // `deliver` is not called any more; a command is killed
  token_source(const token_source&) = delete;
  token_source& operator=(const token_source&) = delete;

  // Delivers before it returns, unless a command has to run first. While one runs, its reading answers this, too.
  void read();

 private:
  io::context& context_;
  token_options options_;
  receiver deliver_;
  file_opened opened_;
  std::shared_ptr<command_run> run_;     // the latest
  std::optional<io::path_watch> watch_;  // files only
};

}  // namespace roombridge::upstream
