// SPDX-License-Identifier: MIT
#include "daemon/local/poller.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace roombridge::local {
namespace {

int create() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "cannot create an epoll instance");
  return fd;
}

}  // namespace

poller::poller(io::context& context, handler on_ready)
    : epoll_(context.get_executor(), create()), on_ready_(std::move(on_ready)), self_(std::make_shared<poller*>(this)) {
  wait();
}

bool poller::add(int fd, std::uint64_t token, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = token}};
  return ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void poller::change(int fd, std::uint64_t token, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = token}};
  [[maybe_unused]] const int result = ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, fd, &event);
  assert(result == 0);
}

void poller::remove(int fd) {
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
}

poller::~poller() {
  *self_ = nullptr;
}

void poller::wait() {
  epoll_.async_wait(epoll_.wait_read, [self = self_](const boost::system::error_code& error) {
    if (error || *self == nullptr) return;
    (*self)->dispatch();
    if (*self != nullptr) (*self)->wait();
  });
}

void poller::dispatch() {
  const int count = ::epoll_wait(epoll_.native_handle(), ready_.data(), static_cast<int>(ready_.size()), 0);
  if (count > 0) on_ready_(std::span{ready_}.first(static_cast<std::size_t>(count)));
}

}  // namespace roombridge::local
