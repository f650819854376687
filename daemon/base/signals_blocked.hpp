// SPDX-License-Identifier: MIT
// Signals are the event thread's: a thread that is begun while one of these lives takes none.
#pragma once

#include <signal.h>

namespace roombridge {

// For the calling thread. Threads inherit what is blocked from the one that begins them.
class signals_blocked {
 public:
  signals_blocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace roombridge
