// SPDX-License-Identifier: MIT
// Tells when what a path means may have changed: its file, a directory on the way, or a symbolic link. Every directory
// on the way is watched by inotify, each for the one name that matters there; while one is missing, the nearest that is
// there is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/io.hpp"

namespace roombridge::io {

class path_watch {
 public:
  // `changed` comes on the event thread, perhaps without need. What is read afterwards is at least as new as the
  // change. `unwatched` comes at most once, perhaps before the constructor returns: `what` cannot be watched, by an
  // error of errno, so that some changes are not told.
  path_watch(context& loop, std::string path, std::function<void()> changed,
             std::function<void(std::string_view what, int error)> unwatched);
  ~path_watch();  // nothing is called any more
  path_watch(const path_watch&) = delete;
  path_watch& operator=(const path_watch&) = delete;

 private:
  class impl;
  std::shared_ptr<impl> impl_;  // lives until its wait has returned
};

}  // namespace roombridge::io
