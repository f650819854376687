// SPDX-License-Identifier: MIT
#include "waker.hpp"

#include <cerrno>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace roombridge {

waker::waker() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

waker::~waker() {
  if (fd_ >= 0) ::close(fd_);
}

void waker::stop() noexcept {
  stopped_ = true;
  wake();
}

void waker::wake() const noexcept {
  const int before = errno;  // a signal handler leaves it as it was
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);  // fails only when it is readable already
  errno = before;
}

void waker::rest() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
}

}  // namespace roombridge
