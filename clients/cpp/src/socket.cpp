// SPDX-License-Identifier: MIT
#include "socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <roombridge/proto/printable.hpp>

namespace roombridge {
namespace {

std::string describe(int error) {
  return std::generic_category().message(error);
}

failure cannot(failure_kind kind, const std::string& path, const std::string& why) {
  return {kind, "cannot connect to " + proto::printable(path) + ": " + why, std::nullopt};
}

// Whom the socket admits, for a user that it keeps out.
std::string admission(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return "permission denied for this user; ask root which group may enter its directory";
  if ((info.st_mode & S_IWGRP) == 0 || info.st_gid == 0)
    return "permission denied for this user; local.mode and local.group of the daemon's config say whom it admits";
  const group* entry = ::getgrgid(info.st_gid);
  const std::string name = entry != nullptr ? entry->gr_name : std::to_string(info.st_gid);
  return "permission denied; the socket belongs to group `" + name + "`: `sudo usermod -aG " + name +
         " $USER`, then log in again";
}

bool is_socket(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

failure explain(int error, const std::string& path) {
  switch (error) {
    case ENOENT:
      return cannot(failure_kind::unreachable, path,
                    "there is no such socket; is roombridged running (`systemctl status roombridge`), and is this its "
                    "path (--socket, $ROOMBRIDGE_SOCKET)?");
    case ECONNREFUSED:
      return cannot(failure_kind::unreachable, path,
                    is_socket(path) ? "nobody listens there; start roombridged" : "that is not a socket");
    case EACCES:
    case EPERM:
      return cannot(failure_kind::not_permitted, path, admission(path));
    case EAGAIN:
      return cannot(failure_kind::timeout, path,
                    "the daemon did not accept the connection in time; it may be overloaded");
    default:
      return cannot(failure_kind::unreachable, path, describe(error));
  }
}

void set_non_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

std::optional<failure> path_fault(const std::string& path) {
  if (!path.empty() && path.size() < sizeof sockaddr_un{}.sun_path) return std::nullopt;
  return cannot(failure_kind::unreachable, "\"" + path + "\"",
                "a socket's path has 1 to " + std::to_string(sizeof sockaddr_un{}.sun_path - 1) + " bytes");
}

std::optional<failure> unix_socket::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));

  const int fresh = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int unmade = errno;
  close();
  fd_ = fresh;
  if (fd_ < 0) return explain(unmade, path);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return std::nullopt;
  const int error = errno;
  close();
  return explain(error, path);
}

void unix_socket::adopt(int fd) {
  close();
  fd_ = fd;
  set_non_blocking(fd_);
}

void unix_socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void unix_socket::end_writing() {
  ::shutdown(fd_, SHUT_WR);
}

void unix_socket::shut_down() {
  ::shutdown(fd_, SHUT_RDWR);
}

bool unix_socket::is_hung_up() const {
  pollfd entry{fd_, 0, 0};
  return ::poll(&entry, 1, 0) > 0;
}

std::optional<std::size_t> unix_socket::read(std::span<std::byte> into) {
  const auto count = ::recv(fd_, into.data(), into.size(), 0);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return 0;
  end_text_ = count == 0 ? "it was closed" : describe(errno);
  return std::nullopt;
}

std::optional<std::size_t> unix_socket::write(std::string_view from) {
  const auto count = ::send(fd_, from.data(), from.size(), MSG_NOSIGNAL);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  end_text_ = describe(errno);
  return std::nullopt;
}

waited wait_for(int fd, short events, int wakes, const deadline& until) {
  int milliseconds = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
    milliseconds = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
  }
  std::array<pollfd, 2> entries{{{fd, events, 0}, {wakes, POLLIN, 0}}};
  const int ready = ::poll(entries.data(), entries.size(), milliseconds);
  if (ready == 0) return waited::time_over;
  return ready < 0 && errno == EINTR ? waited::interrupted : waited::ready;  // what is wrong the next read will say
}

}  // namespace roombridge
