// SPDX-License-Identifier: MIT
#include "daemon/upstream/token_source.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <system_error>

#include "daemon/upstream/path_walk.hpp"

namespace roombridge::upstream {
namespace {

constexpr std::uint32_t interesting = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

// Watches every directory on the way to the file, each for the one name that matters there.
class token_source::watch : public std::enable_shared_from_this<watch> {
 public:
  watch(io::context& context, std::string path, logger& log, std::function<void()> changed)
      : path_(std::move(path)), log_(log), changed_(std::move(changed)), descriptor_(context) {}

  void start() {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) {
      complain("inotify", errno);
      return;
    }
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

  // Watches are set anew after every change: directories come, go and are replaced. The caller reads the token
  // afterwards, so that no change falls between.
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

  // Takes what has happened; true when it may concern the token.
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
    if (complained_) return;
    complained_ = true;
    log_.warning("cannot watch " + std::string(what) + " for the token (" + std::system_category().message(error) +
                 "): a change will be noticed at the next connection attempt only; use `roombridgectl reconnect`");
  }

  std::string path_;
  logger& log_;
  std::function<void()> changed_;
  boost::asio::posix::basic_stream_descriptor<io::executor> descriptor_;
  std::map<int, names> watched_;
  bool complained_ = false;
};

token_source::token_source(io::context& context, token_options options, logger& log, receiver deliver)
    : context_(context), options_(std::move(options)), deliver_(std::move(deliver)) {
  if (auto path = token_path(options_)) {
    watch_ = std::make_shared<watch>(context, std::move(*path), log, [this] { read(); });
    watch_->start();
  }
}

token_source::~token_source() {
  if (watch_) watch_->stop();
  if (run_) run_->abandon();
}

void token_source::read() {
  const auto* command = std::get_if<token_command>(&options_);
  if (command == nullptr) return deliver_(read_token(options_));
  if (run_ && run_->under_way()) return;
  run_ = std::make_shared<command_run>(context_, *command, deliver_);
  run_->start();
}

}  // namespace roombridge::upstream
