// SPDX-License-Identifier: MIT
#include "daemon/local/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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
bool is_stale(const socket_place& place, const std::string& path) {
  const auto there = place.look_at(place.name());
  if (!there) return false;
  if (!S_ISSOCK(there->st_mode)) fail(EEXIST, path, "there is something that is not a socket; remove it");
  const unique_fd probe = make_socket(path);
  if (place.connect(probe.get(), place.name()) == 0) fail(EADDRINUSE, path, who_listens(probe));
  if (errno == EAGAIN) fail(EADDRINUSE, path, "another program listens there");
  if (errno != ECONNREFUSED) fail(path, "cannot tell whether somebody listens there");
  return true;
}

}  // namespace

listener::listener(std::string path, const socket_access& access)
    : path_(std::move(path)), place_(path_), fd_(make_socket(path_)) {
  const bool stale = is_stale(place_, path_);
  if (!place_.remove(place_.made_as())) fail(path_, "cannot remove " + place_.made_as() + ", which is left there");
  try {
    // A socket's file takes its first mode from the descriptor.
    check(::fchmod(fd_.get(), 0), path_, "cannot set the mode");
    check(place_.bind(fd_.get(), place_.made_as()), path_,
          "cannot make the socket; its directory must exist and this user must be able to write there");
    const struct stat made = place_.give(place_.made_as(), access.owner, access.group, access.mode);
    check(::listen(fd_.get(), SOMAXCONN), path_, "cannot listen");
    place_.put_in_place(stale);
    device_ = made.st_dev;
    inode_ = made.st_ino;
  } catch (...) {
    place_.remove(place_.made_as());
    throw;
  }
}

listener::~listener() {
  if (in_place()) place_.remove(place_.name());
}

// As long as this socket is open nobody else can have its inode's number.
bool listener::in_place() const {
  struct stat there {};
  return ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
}

}  // namespace roombridge::local
