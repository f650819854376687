// SPDX-License-Identifier: MIT
// Keeps the socket reachable for as long as the daemon runs: its file may be removed, renamed or replaced, its
// directory may go and come back. Where the path is free, the socket is made anew; what somebody else has put there is
// left alone, named, and looked at again until it is gone. Connections that stand live on in any case.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/io.hpp"
#include "daemon/base/log_limiter.hpp"
#include "daemon/base/logger.hpp"
#include "daemon/base/path_watch.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/local/listener.hpp"
#include "daemon/local/options.hpp"

namespace roombridge::local {

class socket_keeper {
 public:
  // Another socket listens from now on: `to` and no longer `from`, which is closed when this returns. Throws
  // std::system_error where it cannot change over; then all stays as it is, and is tried again.
  using change_over = std::function<void(int from, int to)>;

  // Listens; throws socket_error. `log` outlives the object.
  socket_keeper(io::context& context, const options& config, logger& log, change_over changed);

  // Of the present socket; non-blocking.
  [[nodiscard]] int fd() const { return listener_->fd(); }

  // Looks whether the path still leads here, and mends it if that can be. To be called once before what comes by
  // itself; not from the constructor, since it may change over.
  void look();

  // Removes the file, if it is ours, and ends it all.
  void stop();

  // Why nobody can connect; empty: they can.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void renew();
  void complain(const std::string& why);
  void look_later();

  options config_;
  logger& log_;
  change_over changed_;
  const socket_access access_;          // looked up once: a name service that hangs holds up the start only
  std::unique_ptr<listener> listener_;  // null: stopped
  std::string trouble_;
  log_limiter renewals_;
  bool unwatched_ = false;
  io::timer again_;
  std::optional<io::path_watch> watch_;
};

}  // namespace roombridge::local
