// SPDX-License-Identifier: MIT
#include "daemon/local/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include "daemon/local/credentials.hpp"

namespace roombridge::local {
namespace {

[[noreturn]] void fail(int error, const std::string& path, const std::string& step) {
  throw std::system_error(error, std::generic_category(), "local.socket " + path + ": " + step);
}

void check(int result, const std::string& path, const char* step) {
  if (result != 0) fail(errno, path, step);
}

// Behind the path of a socket that is being made.
constexpr std::string_view suffix = ".new";

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    constexpr std::size_t most = sizeof address.sun_path - 1 - suffix.size();
    fail(ENAMETOOLONG, path, "the socket's path has 1 to " + std::to_string(most) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int connect_or_bind(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path) {
  const sockaddr_un address = address_of(path);
  return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

unique_fd make_socket(const std::string& path) {
  unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) fail(errno, path, "cannot create a socket");
  return fd;
}

// Whatever may be there already must be a socket on which nobody listens.
void check_free(const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) return;
    fail(errno, path, "cannot look at the path");
  }
  if (!S_ISSOCK(there.st_mode)) fail(EEXIST, path, "there is something that is not a socket; remove it");
  const unique_fd probe = make_socket(path);
  if (connect_or_bind(::connect, probe.get(), path) == 0 || errno == EAGAIN) {
    fail(EADDRINUSE, path, "another program listens there");
  }
  if (errno != ECONNREFUSED) fail(errno, path, "cannot tell whether somebody listens there");
}

void set_owner(const options& config, const std::string& path) {
  std::optional<uid_t> owner;
  std::optional<gid_t> group;
  if (!config.owner.empty() && !(owner = find_user(config.owner))) {
    fail(EINVAL, config.socket, "local.owner: there is no user " + config.owner);
  }
  if (!config.group.empty() && !(group = find_group(config.group))) {
    fail(EINVAL, config.socket, "local.group: there is no group " + config.group);
  }
  constexpr auto unchanged = static_cast<uid_t>(-1);
  check(::chown(path.c_str(), owner.value_or(unchanged), group.value_or(unchanged)), config.socket,
        "cannot set owner and group");
}

}  // namespace

listener::listener(const options& config) : fd_(make_socket(config.socket)) {
  const std::string temporary = config.socket + std::string(suffix);
  check_free(config.socket);
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) fail(errno, temporary, "cannot remove what is left there");
  try {
    // A socket's file takes its first mode from the descriptor.
    check(::fchmod(fd_.get(), 0), config.socket, "cannot set the mode");
    check(connect_or_bind(::bind, fd_.get(), temporary), config.socket,
          "cannot make the socket; its directory must exist and this user must be able to write there");
    set_owner(config, temporary);
    check(::chmod(temporary.c_str(), config.mode), config.socket, "cannot set the mode");
    check(::listen(fd_.get(), SOMAXCONN), config.socket, "cannot listen");
    struct stat made {};
    check(::lstat(temporary.c_str(), &made), config.socket, "cannot look at the new socket");
    check(::rename(temporary.c_str(), config.socket.c_str()), config.socket, "cannot put the new socket in its place");
    device_ = made.st_dev;
    inode_ = made.st_ino;
    path_ = config.socket;
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

listener::~listener() {
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace roombridge::local
