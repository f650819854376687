// SPDX-License-Identifier: MIT
// Readiness of the peers' sockets: one epoll instance that the event loop watches as a whole.
//
// Why not one Asio descriptor a peer: an idle peer then costs no operation and no heap of ours; a peer that goes away
// leaves nothing pending behind; and interest in writability can be withdrawn, which Asio's reactor does not do (once
// it has waited to write, every read by the peer wakes the daemon).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "daemon/base/io.hpp"

namespace roombridge::local {

class poller {
 public:
  // `on_ready` gets what is ready, at most 1024 at once, level-triggered; `data.u64` is the token. An event of a socket
  // that the same batch's handling has removed may be among them: tokens are never used again.
  // Throws std::system_error when there is no descriptor for it.
  using handler = std::function<void(std::span<const epoll_event>)>;
  poller(io::context& context, handler on_ready);
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  // `events`: EPOLLIN, EPOLLOUT; EPOLLHUP and EPOLLERR are always told. False: the kernel has no memory or watches
  // left.
  [[nodiscard]] bool add(int fd, std::uint64_t token, std::uint32_t events);
  void change(int fd, std::uint64_t token, std::uint32_t events);
  void remove(int fd);

 private:
  void wait();
  void dispatch();

  boost::asio::posix::basic_stream_descriptor<io::executor> epoll_;
  handler on_ready_;
  std::array<epoll_event, 1024> ready_;  // as many as one user's connections, so that others are seen beside them
  std::shared_ptr<poller*> self_;        // null for a completion that comes too late
};

}  // namespace roombridge::local
