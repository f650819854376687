// SPDX-License-Identifier: MIT
// What happens to the machine and makes waiting pointless: a network that came up or changed (rtnetlink), and a sleep
// that it woke from (a timer that the kernel cancels when the wall clock is set or the machine resumes).
//
// Each kind is watched as far as the system allows; what cannot be watched is named in the log once, and costs no more
// than the delays that are configured.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "daemon/base/io.hpp"
#include "daemon/base/logger.hpp"

namespace roombridge::upstream {

class system_watch {
 public:
  // Changes come in flurries: one is told so long after its first, with all that came in between.
  static constexpr std::chrono::milliseconds settling{250};

  struct callbacks {
    std::function<void()> network_changed;  // an address, a route or a link is there that was not
    std::function<void(std::chrono::milliseconds slept)> clock_changed;  // slept 0: the wall clock was set
  };

  // The callbacks come on the event thread. `log` outlives the watch.
  system_watch(io::context& context, logger& log, callbacks told);
  ~system_watch();  // nothing is called any more
  system_watch(const system_watch&) = delete;
  system_watch& operator=(const system_watch&) = delete;

 private:
  class network;
  class clock;
  std::shared_ptr<network> network_;
  std::shared_ptr<clock> clock_;
};

}  // namespace roombridge::upstream
