// SPDX-License-Identifier: MIT
// Reading the config's file, bounded, with errors that say what to do.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "daemon/service/config.hpp"

namespace roombridge::service {
namespace {

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string cannot_open(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such file; create it, or name another with --config";
    case EACCES:
      return "permission denied; let the user that runs roombridged read the file and enter its directories";
    default:
      return std::string("cannot be opened: ") + std::strerror(error);
  }
}

struct contents {
  std::string text;     // at most one byte more than a config may have
  std::string problem;  // empty: the text was read
};

contents read_file(const std::string& path) {
  // Non-blocking: opening a FIFO must not wait for a writer.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return {{}, cannot_open(errno)};
  if (S_ISDIR(status.st_mode)) return {{}, "is a directory; name the file in it"};
  if (!S_ISREG(status.st_mode)) return {{}, "is not a regular file"};

  std::string text(max_config_size + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {{}, std::string("cannot be read: ") + std::strerror(errno)};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return {std::move(text), {}};
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

config_result load_config(const std::string& path) {
  const contents file = read_file(path);
  if (!file.problem.empty()) return {std::nullopt, {{path, 0, 0, file.problem}}};
  return parse_config(file.text, path, process_environment);
}

}  // namespace roombridge::service
