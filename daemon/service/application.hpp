// SPDX-License-Identifier: MIT
// The composition root: the only place that sees both sides. Owns the event loop, the log, the upstream client and the
// local server; handles signals, reload, and what the service manager wants to know.
#pragma once

#include <memory>
#include <string>

#include "daemon/config/settings.hpp"
#include "daemon/service/secret_files.hpp"
#include "daemon/service/system_logger.hpp"

namespace roombridge::service {

class application {
 public:
  // Binds the local socket; throws std::system_error that says which path and why not. `diagnostics` outlives the
  // application.
  application(config::settings initial, secret_files guarded, std::string config_path, system_logger& diagnostics);
  ~application();
  application(const application&) = delete;
  application& operator=(const application&) = delete;

  // Until SIGTERM or SIGINT; both sides have been left cleanly when it returns.
  void run();

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::service
