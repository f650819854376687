// SPDX-License-Identifier: MIT
#include "daemon/base/path_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "daemon/base/path_walk.hpp"

namespace roombridge::io {
namespace {

constexpr std::uint32_t interesting = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

class path_watch::impl : public std::enable_shared_from_this<impl> {
 public:
  impl(context& loop, std::string path, std::function<void()> changed,
       std::function<void(std::string_view, int)> unwatched)
      : path_(std::move(path)), changed_(std::move(changed)), unwatched_(std::move(unwatched)), descriptor_(loop) {}

  void start() {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return complain("inotify", errno);
    descriptor_.assign(descriptor);
    place();
    wait();
  }

  void stop() {
    changed_ = nullptr;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  using names = std::set<std::string, std::less<>>;

  // Watches are set anew after every change: directories come, go and are replaced. Who is told reads afterwards, so
  // that no change falls between.
  void place() {
    std::map<int, names> fresh;
    for (const auto& [directory, name] : walk_path(path_)) {
      const int number = ::inotify_add_watch(descriptor_.native_handle(), directory.c_str(), interesting);
      if (number >= 0) {
        fresh[number].insert(name);
      } else if (errno != ENOENT && errno != ENOTDIR) {
        complain(directory, errno);
      }
    }
    for (const auto& [number, unused] : watched_) {
      if (!fresh.contains(number)) ::inotify_rm_watch(descriptor_.native_handle(), number);
    }
    watched_ = std::move(fresh);
  }

  void wait() {
    auto ready = [self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->changed_) return;
      if (self->drain()) {
        self->place();
        self->changed_();
      }
      if (self->changed_) self->wait();
    };
    descriptor_.async_wait(decltype(descriptor_)::wait_read, std::move(ready));
  }

  // Takes what has happened; true when it may concern the path.
  bool drain() {
    bool relevant = false;
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t size = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return relevant;
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = event.len != 0 ? buffer.data() + at + sizeof event : "";
        relevant = concerns(event, name) || relevant;
        at += sizeof event + event.len;
      }
    }
  }

  bool concerns(const inotify_event& event, std::string_view name) const {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
    const auto found = watched_.find(event.wd);
    if (found == watched_.end()) return false;  // of a watch that was just taken off
    return name.empty() || found->second.contains(name);
  }

  void complain(std::string_view what, int error) {
    if (const auto tell = std::exchange(unwatched_, nullptr)) tell(what, error);
  }

  std::string path_;
  std::function<void()> changed_;
  std::function<void(std::string_view, int)> unwatched_;
  boost::asio::posix::basic_stream_descriptor<executor> descriptor_;
  std::map<int, names> watched_;
};

path_watch::path_watch(context& loop, std::string path, std::function<void()> changed,
                       std::function<void(std::string_view, int)> unwatched)
    : impl_(std::make_shared<impl>(loop, std::move(path), std::move(changed), std::move(unwatched))) {
  impl_->start();
}
path_watch::~path_watch() {
  impl_->stop();
}

}  // namespace roombridge::io
