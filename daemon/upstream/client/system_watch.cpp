// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/system_watch.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <ctime>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "daemon/base/timer.hpp"
#include "daemon/upstream/client/rtnetlink.hpp"

namespace roombridge::upstream {
namespace {

using io::timer;
using descriptor = boost::asio::posix::basic_stream_descriptor<io::executor>;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds shortest_sleep{1000};  // less is the time between two readings of clocks

void complain(logger& log, std::string_view what, int error) {
  log.warning("cannot watch " + std::string(what) + " (" + std::system_category().message(error) +
              "): after a change the next attempt comes when it is due, or by `roombridgectl reconnect`");
}

milliseconds reading(clockid_t which) {
  timespec time{};
  ::clock_gettime(which, &time);
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                  std::chrono::nanoseconds(time.tv_nsec));
}

// Grows while the machine sleeps, and only then.
milliseconds total_sleep() {
  return reading(CLOCK_BOOTTIME) - reading(CLOCK_MONOTONIC);
}

}  // namespace

class system_watch::network : public std::enable_shared_from_this<network> {
 public:
  network(io::context& context, std::function<void()> changed)
      : socket_(context), settled_(context), changed_(std::move(changed)) {}

  // The error's number; 0: it is watched.
  int start() {
    const int number = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (number < 0) return errno;
    socket_.assign(number);
    sockaddr_nl wanted{};
    wanted.nl_family = AF_NETLINK;
    wanted.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (::bind(number, reinterpret_cast<const sockaddr*>(&wanted), sizeof wanted) != 0) return errno;
    wait();
    return 0;
  }

  void stop() {
    changed_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
    settled_.cancel();
  }

 private:
  void wait() {
    socket_.async_wait(descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error || !self->changed_) return;
      if (self->drain()) self->settle();
      self->wait();
    });
  }

  // Takes what was announced, of a flood a part; true when it may help. So may what was lost because we were slow
  // (ENOBUFS).
  bool drain() {
    bool helps = false;
    std::array<std::byte, 16 * 1024> buffer;
    for (int turns = 0; turns < 64; ++turns) {
      const ssize_t size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == ENOBUFS) {
        helps = true;
        continue;
      }
      if (size <= 0) return helps;
      helps = announces_connectivity(std::span(buffer).first(static_cast<std::size_t>(size))) || helps;
    }
    return helps;
  }

  void settle() {
    if (std::exchange(settling_, true)) return;
    settled_.expires_after(settling);
    settled_.async_wait([self = shared_from_this()](const error_code& error) {
      self->settling_ = false;
      if (!error && self->changed_) self->changed_();
    });
  }

  descriptor socket_;
  timer settled_;
  std::function<void()> changed_;
  bool settling_ = false;
};

class system_watch::clock : public std::enable_shared_from_this<clock> {
 public:
  clock(io::context& context, std::function<void(milliseconds)> changed)
      : timer_(context), changed_(std::move(changed)) {}

  int start() {
    const int number = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (number < 0) return errno;
    timer_.assign(number);
    // It never expires: the kernel cancels it at every jump of the clock, and that is the news.
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<time_t>::max();
    if (::timerfd_settime(number, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0) return errno;
    wait();
    return 0;
  }

  void stop() {
    changed_ = nullptr;
    error_code ignored;
    timer_.close(ignored);
  }

 private:
  void wait() {
    timer_.async_wait(descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error || !self->changed_) return;
      std::uint64_t count = 0;
      const bool cancelled = ::read(self->timer_.native_handle(), &count, sizeof count) < 0 && errno == ECANCELED;
      self->wait();
      if (cancelled) self->tell();
    });
  }

  void tell() {
    const milliseconds before = std::exchange(slept_, total_sleep());
    const milliseconds slept = slept_ - before;
    changed_(slept < shortest_sleep ? milliseconds{0} : slept);
  }

  descriptor timer_;
  std::function<void(milliseconds)> changed_;
  milliseconds slept_ = total_sleep();
};

system_watch::system_watch(io::context& context, logger& log, callbacks told)
    : network_(std::make_shared<network>(context, std::move(told.network_changed))),
      clock_(std::make_shared<clock>(context, std::move(told.clock_changed))) {
  if (const int error = network_->start(); error != 0) complain(log, "the network", error);
  if (const int error = clock_->start(); error != 0) complain(log, "the clock for suspends", error);
}

system_watch::~system_watch() {
  network_->stop();
  clock_->stop();
}

}  // namespace roombridge::upstream
