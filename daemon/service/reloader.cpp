// SPDX-License-Identifier: MIT
#include "daemon/service/reloader.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <memory>
#include <roombridge/proto/error.hpp>
#include <utility>

#include "daemon/service/systemd.hpp"

namespace roombridge::service {

prepared_config prepare_config(const std::string& path) {
  prepared_config out{.loaded = config::load(path)};
  if (!out.loaded.value) return out;
  // The place of the socket is the running one's concern: it takes effect at the next restart only.
  out.against = object_to(*out.loaded.value, out.loaded.places, false);
  out.guarded = find_secret_files(out.loaded);
  out.access.emplace(out.loaded.value->local, ::geteuid());
  return out;
}

reloader::reloader(io::context& context, logger& log, prepare_function prepare, apply_function apply,
                   std::chrono::milliseconds most)
    : context_(context),
      log_(log),
      prepare_(std::move(prepare)),
      apply_(std::move(apply)),
      most_(most),
      call_(context),
      deadline_(context) {}

void reloader::reload(local::answer_function done) {
  asked_.push_back(std::move(done));
  if (std::exchange(running_, true)) return;
  boost::asio::co_spawn(context_, run(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

io::task<> reloader::run() {
  while (!asked_.empty()) {
    const auto asked = std::exchange(asked_, {});
    systemd::reloading();
    const local::answer verdict = co_await once();
    systemd::ready();
    for (const local::answer_function& done : asked) done(verdict);
  }
  running_ = false;
}

io::task<local::answer> reloader::once() {
  const auto prepared = std::make_shared<prepared_config>();
  if (auto failed = call_.start([prepared, prepare = prepare_] { *prepared = prepare(); }); !failed.empty())
    co_return refuse("nothing changed: " + failed);
  deadline_.expires_after(most_);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    // One that was due when the call was done is late, and the deadline is the next call's.
    if (!error && deadline_.expiry() <= std::chrono::steady_clock::now()) call_.cancel();
  });
  if (!co_await call_.wait()) {
    co_return refuse("nothing changed: reading the config, and the users and groups that it names, took more than " +
                     std::to_string(most_.count() / 1000) +
                     " s; see whether 'getent passwd NAME' and 'getent group NAME' answer for the names in it, then "
                     "reload again; numbers in their place need no look-up");
  }
  deadline_.cancel();
  co_return apply_(std::move(*prepared));
}

local::answer reloader::refuse(std::string text) {
  log_.error("reload refused, " + text, {{"CAUSE", "reload_failed"}});
  return {.error = static_cast<int>(proto::error_code::internal), .text = std::move(text)};
}

}  // namespace roombridge::service
