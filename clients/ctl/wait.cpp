// SPDX-License-Identifier: MIT
#include <algorithm>

#include "clients/ctl/commands.hpp"
#include "clients/ctl/render.hpp"

namespace roombridge::ctl {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// STATUS comes with the first subscription; this one wants no event: Socket.IO keeps the name for itself.
const filter no_event{{"connect_error"}, {"roombridgectl"}};

class waiter {
 public:
  waiter(const context& where, const wait_options& options) : where_(where), options_(options) {
    if (options.timeout) until_ = clock::now() + *options.timeout;
  }

  exit_code run() {
    if (const auto failed = reach(daemon_, until_, [](const failure&) {})) return report(where_, *failed);
    auto made = daemon_.subscribe(no_event);
    // Who may not ask for that gets what it may see along with the status.
    if (!made && made.error().kind == failure_kind::refused) made = daemon_.subscribe({});
    if (!made) return report(where_, made.error());
    std::optional<status> last;
    while (const auto got = daemon_.next(left_until(until_))) {
      if (const auto* end = std::get_if<closed>(&*got)) {
        if (!end->retry_in) return report(where_, end->why);
        last.reset();
        gone_ = end->why;
      }
      // After a restart, with other rules, perhaps.
      if (std::holds_alternative<protocol_error>(*got)) {
        if (const auto all = daemon_.subscribe({}); !all) return report(where_, all.error());
      }
      const auto* now = std::get_if<status>(&*got);
      if (now == nullptr) continue;
      gone_.reset();
      last = *now;
      if (reached(now->state, options_.goal)) return show(*now);
    }
    return late(last);
  }

 private:
  exit_code show(const status& reached_status) const {
    where_.out << (where_.json ? json_line(reached_status) : status_text(reached_status, where_.look, wall_clock()))
               << std::endl;
    return exit_code::ok;
  }

  exit_code late(const std::optional<status>& last) const {
    if (gone_) return report(where_, *gone_);
    std::string text = "not " + std::string{to_string(options_.goal)} + " in time";
    if (last) text += "; it is " + status_text(*last, style{}, wall_clock());
    return report(where_, failure{failure_kind::timeout, text, std::nullopt});
  }

  const context& where_;
  const wait_options& options_;
  deadline until_;
  std::optional<failure> gone_;  // why the connection to the daemon ended, while there is none
  client daemon_{{.socket = where_.socket, .name = "roombridgectl wait", .timeout = attempt_time(options_.timeout)}};
};

}  // namespace

bool reached(upstream_state state, upstream_state goal) {
  switch (goal) {
    case upstream_state::offline:
      return state == upstream_state::offline || state == upstream_state::connecting;
    case upstream_state::connected:
      return state == upstream_state::connected || state == upstream_state::authenticating ||
             state == upstream_state::authenticated;
    default:
      return state == goal;
  }
}

exit_code wait_command(const context& where, const wait_options& options) {
  return waiter{where, options}.run();
}

}  // namespace roombridge::ctl
