// SPDX-License-Identifier: MIT
// Where the token comes from: read afresh whenever asked, and watched where it can change. A file's directory is
// watched by inotify, so that creation, rename over it, removal and the symbolic-link swaps of orchestrators are seen;
// while the directory is missing, its nearest existing parent is. When watching fails, reading still works, and who
// asks before each attempt misses nothing but time.
//
// The token never reaches a log or an error text.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/token.hpp"

namespace roombridge::upstream {

class token_source {
 public:
  // `changed` is called on the event thread when the token may have changed; it may be called without need. `log`
  // outlives the source.
  token_source(io::context& context, token_options options, logger& log, std::function<void()> changed);
  ~token_source();  // `changed` is not called any more
  token_source(const token_source&) = delete;
  token_source& operator=(const token_source&) = delete;

  [[nodiscard]] token_reading read() const;

 private:
  class watch;
  token_options options_;
  std::shared_ptr<watch> watch_;  // files only
};

}  // namespace roombridge::upstream
