// SPDX-License-Identifier: MIT
#include "daemon/upstream/small_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace roombridge::upstream {
namespace {

class descriptor {
 public:
  explicit descriptor(int value) : value_(value) {}
  ~descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

file_reading unreadable(const std::string& where, int error) {
  if (error == ENOENT || error == ENOTDIR) return {std::nullopt, true, where + " does not exist"};
  const std::string words = std::system_category().message(error);
  if (error == EACCES || error == EPERM) {
    return {std::nullopt, false,
            where + " must not be read by this service (" + words + "): give it to the service's group with mode 0640"};
  }
  return {std::nullopt, false, where + " cannot be read: " + words};
}

}  // namespace

file_reading read_small_file(const std::string& path, const std::string& where, std::size_t most) {
  // Not blocking: a FIFO in its place must not hang the event thread.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return unreadable(where, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return unreadable(where, errno);
  if (!S_ISREG(status.st_mode)) return {std::nullopt, false, where + " is not a regular file"};
  std::string text(most + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(where, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return {std::move(text), false, {}};
}

}  // namespace roombridge::upstream
