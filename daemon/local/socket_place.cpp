// SPDX-License-Identifier: MIT
#include "daemon/local/socket_place.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "daemon/base/file_look.hpp"
#include "daemon/base/file_trust.hpp"
#include "daemon/local/socket_error.hpp"

namespace roombridge::local {
namespace {

constexpr std::string_view suffix = ".new";

// By the descriptor, a name may be as long as the config lets a path be only without a long directory before it.
constexpr std::size_t longest_kept_name = 64;

[[noreturn]] void fail(int error, const std::string& path, const std::string& text) {
  throw socket_error(error, "local.socket", path + ": " + text);
}

void check(int result, const std::string& path, const char* step) {
  const int error = errno;
  if (result != 0) fail(error, path, std::string(step) + ": " + std::strerror(error));
}

void check_length(const std::string& path) {
  constexpr std::size_t most = sizeof(sockaddr_un::sun_path) - 1 - suffix.size();
  if (path.empty() || path.size() > most)
    fail(ENAMETOOLONG, path, "the socket's path has 1 to " + std::to_string(most) + " bytes");
}

// The file that a descriptor stands for, as a path.
std::string path_of(const unique_fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

int call(int (*what)(int, const sockaddr*, socklen_t), int socket, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return what(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

socket_place::socket_place(std::string path)
    : path_(std::move(path)),
      name_(path_.substr(path_.find_last_of('/') + 1)),
      made_as_(name_.substr(0, longest_kept_name).append(suffix)) {
  check_length(path_);
  const std::string directory = directory_of(path_);
  directory_ = unique_fd{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  struct stat there {};
  check(directory_ && ::fstat(directory_.get(), &there) == 0 ? 0 : -1, path_,
        "cannot make the socket; its directory must exist and this user must be able to write there");
  const std::string distrust = distrust_of_directory(directory, facts_of(there), effective_ids(), sticky::suffices);
  if (!distrust.empty()) fail(EPERM, path_, distrust);
}

std::optional<struct stat> socket_place::look_at(const std::string& name) const {
  struct stat there {};
  if (::fstatat(directory_.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) return there;
  if (errno != ENOENT) check(-1, path_, "cannot look at the path");
  return std::nullopt;
}

int socket_place::connect(int socket, const std::string& name) const {
  const unique_fd file{::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  return file ? call(::connect, socket, path_of(file)) : -1;
}

int socket_place::bind(int socket, const std::string& name) const {
  return call(::bind, socket, path_of(directory_) + '/' + name);
}

struct stat socket_place::give(const std::string& name, uid_t owner, gid_t group, mode_t mode) const {
  const unique_fd file{::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  struct stat made {};
  check(file && ::fstat(file.get(), &made) == 0 ? 0 : -1, path_, "cannot look at the new socket");
  if (!S_ISSOCK(made.st_mode) || made.st_uid != ::geteuid())
    fail(EEXIST, path_, "somebody else has put something in the place of the new socket");
  check(::fchownat(file.get(), "", owner, group, AT_EMPTY_PATH), path_, "cannot set owner and group");
  check(::chmod(path_of(file).c_str(), mode), path_, "cannot set the mode");
  return made;
}

void socket_place::put_in_place(bool over) const {
  const int in = directory_.get();
  int result = ::renameat2(in, made_as_.c_str(), in, name_.c_str(), over ? 0 : RENAME_NOREPLACE);
  // A file system that does not know the flag.
  if (result != 0 && errno == EINVAL) result = ::renameat(in, made_as_.c_str(), in, name_.c_str());
  check(result, path_, "cannot put the new socket in its place");
}

bool socket_place::remove(const std::string& name) const {
  return ::unlinkat(directory_.get(), name.c_str(), 0) == 0 || errno == ENOENT;
}

}  // namespace roombridge::local
