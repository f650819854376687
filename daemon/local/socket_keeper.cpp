// SPDX-License-Identifier: MIT
#include "daemon/local/socket_keeper.hpp"

#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace roombridge::local {
namespace {

// Between two looks where nobody tells of a change: the end of a program that listens there changes no file.
constexpr std::chrono::seconds pause_between_looks{5};

}  // namespace

socket_keeper::socket_keeper(io::context& context, const options& config, logger& log, change_over changed)
    : config_(config),
      log_(log),
      changed_(std::move(changed)),
      access_(look_up_socket_access(config_)),
      listener_(std::make_unique<listener>(config_.socket, access_)),
      again_(context) {
  const auto unwatched = [this](std::string_view what, int error) {
    unwatched_ = true;
    log_.info("cannot watch " + std::string(what) + " for local.socket (" + std::system_category().message(error) +
              "): it is looked at every few seconds instead");
  };
  watch_.emplace(
      context, config_.socket, [this] { look(); }, unwatched);
}

void socket_keeper::look() {
  if (!listener_) return;
  again_.cancel();
  if (listener_->in_place()) {
    if (!std::exchange(trouble_, {}).empty()) log_.info("local.socket " + config_.socket + " is in its place again");
  } else {
    renew();
  }
  if (unwatched_ || !trouble_.empty()) look_later();
}

void socket_keeper::stop() {
  watch_.reset();
  again_.cancel();
  listener_.reset();
}

void socket_keeper::renew() {
  try {
    auto fresh = std::make_unique<listener>(config_.socket, access_);
    changed_(listener_->fd(), fresh->fd());
    listener_ = std::move(fresh);
  } catch (const std::runtime_error& error) {
    return complain(error.what());
  }
  trouble_.clear();
  if (const auto unlogged = renewals_.occurred(std::chrono::steady_clock::now())) {
    log_.warning("local.socket " + config_.socket +
                     " had been removed or renamed, and has been made anew; connections that stood go on" +
                     (*unlogged == 0 ? "" : " (and " + std::to_string(*unlogged) + " times since the last such line)"),
                 {{"CAUSE", "socket_removed"}});
  }
}

void socket_keeper::complain(const std::string& why) {
  if (trouble_ == why) return;
  trouble_ = why;
  log_.error(
      "no local program can connect any more: the socket's file has been removed or replaced, and cannot be made "
      "anew: " +
          why + "; connections that stood go on, and it is tried again",
      {{"CAUSE", "socket_lost"}});
}

void socket_keeper::look_later() {
  again_.expires_after(pause_between_looks);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

}  // namespace roombridge::local
