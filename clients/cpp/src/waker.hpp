// SPDX-License-Identifier: MIT
// Ends a wait from another thread or a signal handler.
#pragma once

#include <atomic>

namespace roombridge {

class waker {
 public:
  waker();
  ~waker();
  waker(const waker&) = delete;
  waker& operator=(const waker&) = delete;

  // For ever. Async-signal-safe, and safe from any thread.
  void stop() noexcept;
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }

  // The wait that is under way, or the next one. Safe from any thread.
  void wake() const noexcept;

  // Readable once it was woken, until rest(). -1: the system had none left, and a wait ends in its own time.
  [[nodiscard]] int fd() const { return fd_; }
  void rest() const noexcept;

 private:
  const int fd_;
  std::atomic<bool> stopped_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace roombridge
