// SPDX-License-Identifier: MIT
#include "clients/ctl/commands.hpp"
#include "clients/ctl/render.hpp"

namespace roombridge::ctl {
namespace {

using clock = std::chrono::steady_clock;

class tail {
 public:
  tail(const context& where, const tail_options& options) : where_(where), options_(options) {
    if (options.timeout) until_ = clock::now() + *options.timeout;
  }

  exit_code run() {
    exit_code ended = exit_code::ok;
    auto daemon = connect(where_, ended, options_.timeout, options_.subscriber);
    if (!daemon) return ended;
    beginning from{.snapshot = options_.snapshot};
    if (options_.history) from.since = {.epoch = daemon->daemon().epoch, .seq = 0};
    if (const auto made = daemon->subscribe(options_.wanted, from); !made) return report(where_, made.error());
    if (const auto& may = daemon->daemon().may; may && may->see.empty()) {
      where_.err << "roombridgectl: no rule of local.access lets this user see any events" << std::endl;
    }
    for (const auto& room : options_.rooms) {
      if (const auto held = daemon->join(room); !held) return report(where_, held.error());
    }
    acknowledged_ = daemon->position();
    while (!done()) {
      const auto got = daemon->next(left());
      if (!got) break;
      show(*got);
      if (const auto* end = std::get_if<closed>(&*got)) return report(where_, end->why);
      if (const auto* answered = std::get_if<answer>(&*got); answered != nullptr && answered->id == acknowledging_) {
        if (!answered->ok()) return report(where_, *answered->error);
        acknowledging_.reset();
      }
      acknowledge(*daemon);
    }
    if (!settle(*daemon)) return exit_code::unreachable;
    return done() ? exit_code::ok : late();
  }

 private:
  [[nodiscard]] bool done() const { return !where_.out || (options_.count && shown_ >= *options_.count); }

  [[nodiscard]] std::optional<std::chrono::milliseconds> left() const {
    if (!until_) return std::nullopt;
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(*until_ - clock::now()), std::chrono::milliseconds{0});
  }

  // What has been printed; one at a time, since the next one says all that has come by then.
  void acknowledge(client& daemon) {
    if (options_.subscriber.empty() || acknowledging_ || !where_.out || daemon.position() == acknowledged_) return;
    acknowledged_ = daemon.position();
    if (const auto sent = daemon.core().ack(acknowledged_)) acknowledging_ = *sent;
    daemon.on_writable();
  }

  // The last of it, and the answer to it.
  bool settle(client& daemon) const {
    if (options_.subscriber.empty() || !where_.out) return true;
    const auto kept = daemon.ack();
    if (!kept) report(where_, kept.error());
    return static_cast<bool>(kept);
  }

  void show(const message& what) {
    const auto line = where_.json ? json_line(what) : text_line(what, where_.look, wall_clock());
    // Each line at once: whoever reads the pipe wants it now.
    if (!line.empty()) where_.out << line << std::endl;
    if (std::holds_alternative<event>(what)) ++shown_;
  }

  // Looking for a while is what was asked for; waiting for a number of events in vain is not.
  exit_code late() const {
    if (!options_.count) return exit_code::ok;
    return report(where_, failure{failure_kind::timeout,
                                  "only " + std::to_string(shown_) + " of " + std::to_string(*options_.count) +
                                      " events came in time",
                                  std::nullopt});
  }

  const context& where_;
  const tail_options& options_;
  std::optional<clock::time_point> until_;
  std::uint64_t shown_ = 0;
  log_position acknowledged_;
  std::optional<request_id> acknowledging_;  // that waits for its answer
};

}  // namespace

exit_code tail_command(const context& where, const tail_options& options) {
  return tail{where, options}.run();
}

}  // namespace roombridge::ctl
