// SPDX-License-Identifier: MIT
#include <utility>

#include <roombridge/proto/printable.hpp>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/render.hpp"
#include "clients/ctl/text.hpp"

namespace roombridge::ctl {
namespace {

using clock = std::chrono::steady_clock;

class tail {
 public:
  tail(const context& where, const tail_options& options) : where_(where), options_(options) {
    if (options.timeout) until_ = clock::now() + *options.timeout;
  }

  exit_code run() {
    const auto unreached = options_.no_follow
                               ? daemon_.connect()
                               : reach(daemon_, until_, [this](const failure& why) { tell(why.text, true); });
    if (unreached) return report(where_, *unreached);
    if (const auto failed = ask()) return report(where_, *failed);
    while (!done()) {
      const auto got = daemon_.next(left_until(until_));
      if (!got) break;
      show(*got);
      if (const auto* end = std::get_if<closed>(&*got)) {
        if (!end->retry_in) return report(where_, end->why);
        tell(end->why.text, true);
        away_ = true;
      }
      if (std::holds_alternative<welcome>(*got) && std::exchange(away_, false)) {
        tell("connected again; what came meanwhile follows", false);
      }
      if (const auto* refused = std::get_if<answer>(&*got); refused != nullptr && !refused->ok()) {
        return report(where_, *refused->error);
      }
      if (const auto failed = acknowledge()) return report(where_, *failed);
    }
    if (const auto failed = settle()) return report(where_, *failed);
    return done() ? exit_code::ok : late();
  }

 private:
  [[nodiscard]] bool done() const { return !where_.out || (options_.count && shown_ >= *options_.count); }

  // Everything that is to come.
  std::optional<failure> ask() {
    beginning from{.snapshot = options_.snapshot};
    if (options_.history) from.since = {.epoch = daemon_.daemon().epoch, .seq = 0};
    if (const auto made = daemon_.subscribe(options_.wanted, from); !made) return made.error();
    if (const auto& may = daemon_.daemon().may; may && may->see.empty()) {
      tell("no rule of local.access lets this user see any events", false);
    }
    for (const auto& room : options_.rooms) {
      if (const auto held = daemon_.join(room); !held) return held.error();
    }
    return std::nullopt;
  }

  // Of the connection to the daemon: to stderr, since the output is the events.
  void tell(const std::string& text, bool waits) const {
    where_.err << "roombridgectl: " << proto::printable(text)
               << (waits ? "; waiting for the daemon (--no-follow ends instead)" : "") << std::endl;
  }

  // What has been printed.
  std::optional<failure> acknowledge() {
    if (options_.subscriber.empty() || !where_.out) return std::nullopt;
    return daemon_.ack();
  }

  // The last of it, and the answer to it.
  std::optional<failure> settle() {
    if (options_.subscriber.empty() || !where_.out) return std::nullopt;
    const auto kept = daemon_.ack_wait();
    if (kept) return std::nullopt;
    return kept.error();
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
  deadline until_;
  std::uint64_t shown_ = 0;
  bool away_ = false;  // the daemon is
  client daemon_{{.socket = where_.socket,
                  .name = "roombridgectl",
                  .subscriber = options_.subscriber,
                  .timeout = attempt_time(options_.timeout),
                  .reconnect = !options_.no_follow}};
};

}  // namespace

exit_code tail_command(const context& where, const tail_options& options) {
  return tail{where, options}.run();
}

}  // namespace roombridge::ctl
