// SPDX-License-Identifier: MIT
// Reloads the config. Reading it, and the look-ups of the users and groups that it names, are a detached call: a name
// service or a file system that hangs does not hold up the event thread. What has been prepared is applied at one
// stroke on the event thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/detached_call.hpp"
#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/config/load.hpp"
#include "daemon/local/access_rules.hpp"
#include "daemon/local/server.hpp"
#include "daemon/service/host_objections.hpp"
#include "daemon/service/secret_files.hpp"

namespace roombridge::service {

// A config that was read and judged, and who the accounts are that it names. Without a value in `loaded` there is no
// more than its errors.
struct prepared_config {
  config::reading loaded;
  host_objections against{};
  std::optional<local::access_rules> access{};
  secret_files guarded{};
};

// Reads the file and asks the name services; may block for as long as these like.
[[nodiscard]] prepared_config prepare_config(const std::string& path);

class reloader {
 public:
  using prepare_function = std::function<prepared_config()>;  // called in another thread; throws nothing
  using apply_function = std::function<local::answer(prepared_config)>;

  // Where `prepare` takes longer than `most`, the reload is refused. `log` outlives the object.
  reloader(io::context& context, logger& log, prepare_function prepare, apply_function apply,
           std::chrono::milliseconds most);

  // `done` is told the verdict of a reload that begins now, or, while one is under way, as soon as that is over:
  // several who ask meanwhile share one. The service manager is told of each.
  void reload(local::answer_function done);

 private:
  io::task<> run();
  io::task<local::answer> once();
  local::answer refuse(std::string text);

  io::context& context_;
  logger& log_;
  prepare_function prepare_;
  apply_function apply_;
  std::chrono::milliseconds most_;
  detached_call call_;
  io::timer deadline_;
  std::vector<local::answer_function> asked_;
  bool running_ = false;
};

}  // namespace roombridge::service
