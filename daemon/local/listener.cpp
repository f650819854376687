// SPDX-License-Identifier: MIT
#include "daemon/local/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "daemon/local/credentials.hpp"

namespace roombridge::local {
namespace {

[[noreturn]] void fail(int error, const std::string& path, const std::string& text) {
  throw socket_error(error, "local.socket", path + ": " + text);
}

// With errno in words.
[[noreturn]] void fail(const std::string& path, const std::string& step) {
  const int error = errno;
  fail(error, path, step + ": " + std::strerror(error));
}

void check(int result, const std::string& path, const char* step) {
  if (result != 0) fail(path, step);
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
  if (!fd) fail(path, "cannot create a socket");
  return fd;
}

// Who listens at the other end, as far as the kernel tells.
std::string who_listens(const unique_fd& probe) {
  const auto who = peer_credentials(probe.get());
  if (!who || who->pid == 0) return "another program listens there";
  std::string name;
  std::getline(std::ifstream{"/proc/" + std::to_string(who->pid) + "/comm"}, name);
  return "another program listens there: " + (name.empty() ? "" : name + ", ") + "process " + std::to_string(who->pid) +
         " of uid " + std::to_string(who->uid);
}

// Whatever may be there already must be a socket on which nobody listens. False: there is nothing.
bool is_stale(const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) return false;
    fail(path, "cannot look at the path");
  }
  if (!S_ISSOCK(there.st_mode)) fail(EEXIST, path, "there is something that is not a socket; remove it");
  const unique_fd probe = make_socket(path);
  if (connect_or_bind(::connect, probe.get(), path) == 0) fail(EADDRINUSE, path, who_listens(probe));
  if (errno == EAGAIN) fail(EADDRINUSE, path, "another program listens there");
  if (errno != ECONNREFUSED) fail(path, "cannot tell whether somebody listens there");
  return true;
}

// Over a stale socket only: what has come in the meantime is not ours to replace.
void put_in_place(const std::string& made, const std::string& path, bool stale) {
  int result = ::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, path.c_str(), stale ? 0 : RENAME_NOREPLACE);
  // A file system that does not know the flag.
  if (result != 0 && errno == EINVAL) result = ::rename(made.c_str(), path.c_str());
  check(result, path, "cannot put the new socket in its place");
}

constexpr auto unchanged = static_cast<uid_t>(-1);  // for chown()

std::uint32_t id_of(const std::string& name, const std::string& key, std::string_view kind,
                    account_id (*find)(const std::string&)) {
  if (name.empty()) return unchanged;
  const account_id found = find(name);
  // A name service that does not answer is no mistake of the config's.
  if (!found.id) throw socket_error(found.error == 0 ? EINVAL : EAGAIN, key, describe_missing(found, kind, name));
  return *found.id;
}

// Where the config names none. Whoever may connect must not share the group that may read the daemon's secrets.
gid_t default_group() {
  const account_id clients = find_group(std::string(clients_group));
  return clients.id && ::group_member(*clients.id) != 0 ? *clients.id : unchanged;
}

void set_owner(const options& config, const std::string& path) {
  const uid_t owner = id_of(config.owner, "local.owner", "user", find_user);
  const gid_t group = config.group.empty() ? default_group() : id_of(config.group, "local.group", "group", find_group);
  check(::lchown(path.c_str(), owner, group), config.socket, "cannot set owner and group");
}

}  // namespace

socket_error::socket_error(int error, std::string key, const std::string& text)
    : std::runtime_error(text), error_(error), key_(std::move(key)) {}

bool socket_error::lasts() const {
  switch (error_) {
    case EACCES:
    case EEXIST:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case EPERM:
    case EROFS:
      return true;
    default:
      return false;  // a full disk, no descriptors, somebody who listens there: all of these may end
  }
}

listener::listener(const options& config) : fd_(make_socket(config.socket)) {
  const std::string temporary = config.socket + std::string(suffix);
  const bool stale = is_stale(config.socket);
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) fail(temporary, "cannot remove what is left there");
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
    put_in_place(temporary, config.socket, stale);
    device_ = made.st_dev;
    inode_ = made.st_ino;
    path_ = config.socket;
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

listener::~listener() {
  if (in_place()) ::unlink(path_.c_str());
}

// As long as this socket is open nobody else can have its inode's number.
bool listener::in_place() const {
  struct stat there {};
  return ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
}

}  // namespace roombridge::local
