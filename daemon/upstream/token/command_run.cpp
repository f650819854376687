// SPDX-License-Identifier: MIT
#include "daemon/upstream/token/command_run.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <roombridge/proto/printable.hpp>
#include <system_error>
#include <utility>

#include "daemon/base/duration_text.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/upstream/secrets.hpp"

namespace roombridge::upstream {
namespace {

using io::timer;
using descriptor = boost::asio::posix::basic_stream_descriptor<io::executor>;
using boost::system::error_code;

constexpr std::size_t max_complaint = 4096;  // bytes of stderr that are kept

// What posix_spawn() wants to know, freed at the end of the scope.
class spawn_setup {
 public:
  spawn_setup() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
  }
  ~spawn_setup() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  spawn_setup(const spawn_setup&) = delete;
  spawn_setup& operator=(const spawn_setup&) = delete;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
};

// While it lives a child gets the soft limit of open files that programs count on (select(2)); ours is far above.
class usual_descriptor_limit {
 public:
  usual_descriptor_limit() {
    if (::getrlimit(RLIMIT_NOFILE, &ours_) != 0 || ours_.rlim_cur <= FD_SETSIZE) return;
    const rlimit lower{FD_SETSIZE, ours_.rlim_max};
    lowered_ = ::setrlimit(RLIMIT_NOFILE, &lower) == 0;
  }
  ~usual_descriptor_limit() {
    if (lowered_) ::setrlimit(RLIMIT_NOFILE, &ours_);
  }
  usual_descriptor_limit(const usual_descriptor_limit&) = delete;
  usual_descriptor_limit& operator=(const usual_descriptor_limit&) = delete;

 private:
  rlimit ours_{};
  bool lowered_ = false;
};

// A program that prints on and on would cost a core until its time is over.
constexpr std::size_t most_dropped = 1u << 20;

std::string in_words(int error) {
  return std::system_category().message(error);
}

std::string first_line(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

class command_run::impl : public std::enable_shared_from_this<impl> {
 public:
  impl(io::context& context, const token_command& command, receiver done)
      : command_(command),
        where_("the token command " + command.argv.front()),
        done_(std::move(done)),
        process_(context),
        deadline_(context),
        output_{descriptor(context), {}, max_token_size + 1},
        complaint_{descriptor(context), {}, max_complaint} {}

  void start() {
    if (const int error = spawn(); error != 0) return fail("cannot be started: " + in_words(error));
    // Debian 12's <sys/pidfd.h> cannot be used from C++.
    const int watched = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (watched < 0) {
      const int error = errno;
      kill_group();
      ::waitpid(pid_, nullptr, 0);
      return fail("cannot be awaited: " + in_words(error));
    }
    process_.assign(watched);
    running_ = true;
    process_.async_wait(descriptor::wait_read, [self = shared_from_this()](const error_code&) { self->on_exit(); });
    read(output_);
    read(complaint_);
    deadline_.expires_after(command_.timeout);
    deadline_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || !self->running_) return;
      self->fault_ = "did not end within " + duration_text(self->command_.timeout);
      self->kill_group();
    });
  }

  void abandon() {
    done_ = nullptr;
    if (running_) kill_group();
    deadline_.cancel();
  }

  bool under_way() const { return running_; }

 private:
  struct pipe {
    descriptor end;
    std::string text;
    std::size_t limit;
    std::size_t dropped = 0;  // bytes beyond it
  };

  static void open(pipe& to, int end) {
    to.end.assign(end);
    to.end.native_non_blocking(true);
  }

  // The error's number; 0: it runs.
  int spawn() {
    std::array<int, 2> output{-1, -1};
    std::array<int, 2> complaint{-1, -1};
    if (::pipe2(output.data(), O_CLOEXEC) != 0) return errno;
    open(output_, output[0]);
    int error = ::pipe2(complaint.data(), O_CLOEXEC) != 0 ? errno : 0;
    if (error == 0) {
      open(complaint_, complaint[0]);
      error = spawn(output[1], complaint[1]);
      ::close(complaint[1]);
    }
    ::close(output[1]);
    return error;
  }

  int spawn(int output, int complaint) {
    spawn_setup setup;
    posix_spawn_file_actions_addopen(&setup.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&setup.files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&setup.files, complaint, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&setup.files, STDERR_FILENO + 1);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&setup.attributes, &all);
    posix_spawnattr_setsigmask(&setup.attributes, &none);
    posix_spawnattr_setpgroup(&setup.attributes, 0);
    posix_spawnattr_setflags(&setup.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    std::vector<char*> argv;
    argv.reserve(command_.argv.size() + 1);
    for (std::string& argument : command_.argv) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const usual_descriptor_limit for_the_child;
    return ::posix_spawn(&pid_, argv.front(), &setup.files, &setup.attributes, argv.data(), environ);
  }

  // Waits and then reads, rather than reading asynchronously: what the loop has read and not yet told would be missing
  // at the program's end.
  void read(pipe& from) {
    from.end.async_wait(descriptor::wait_read, [self = shared_from_this(), &from](const error_code& error) {
      if (error || !self->running_) return;
      if (self->take(from) == 0) return;
      if (from.dropped > most_dropped) return self->stop_flood();
      self->read(from);
    });
  }

  void stop_flood() {
    fault_ = "printed more than " + std::to_string(most_dropped) +
             " bytes that are no token, and was killed; it must print the token and nothing else";
    kill_group();
  }

  // What read(2) says. What is too much is read, so that the program is not held up, and dropped.
  static ssize_t take(pipe& from) {
    std::array<char, 4096> piece;
    const ssize_t size = ::read(from.end.native_handle(), piece.data(), piece.size());
    if (size <= 0) return size;
    const std::size_t kept = std::min(static_cast<std::size_t>(size), from.limit - from.text.size());
    from.text.append(piece.data(), kept);
    from.dropped += static_cast<std::size_t>(size) - kept;
    return size;
  }

  // What had been written before the end; bounded, since somebody else may still hold the other end and write.
  static void drain(pipe& from) {
    for (int left = 32; left > 0 && take(from) > 0; --left) {
    }
    error_code ignored;
    from.end.close(ignored);
  }

  // For as long as it has not been awaited: then nobody else can have its number.
  void kill_group() {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
  }

  void on_exit() {
    running_ = false;
    const std::string how = await();
    deadline_.cancel();
    drain(output_);
    drain(complaint_);
    if (!fault_.empty()) return fail(fault_);
    if (!how.empty()) return fail(how);
    token_reading printed = make_token(output_.text, "the output of " + where_);
    // A usage text or a web page: a program that fails without saying so, and no word about the token that we have.
    if (printed.missing.why == cause::token_unreadable) printed.missing.why = cause::token_command_failed;
    finish(std::move(printed));
  }

  // Kills what it has left behind. How it has failed; empty: it has done what it was to do. Nothing is known of a child
  // for which somebody else waited, or the kernel because SIGCHLD is ignored, and its number may be another's.
  std::string await() {
    siginfo_t end{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT) != 0)
      return "has ended, and how cannot be known: " + in_words(errno);
    kill_group();
    ::waitpid(pid_, nullptr, 0);
    if (end.si_code != CLD_EXITED)
      return "was killed by signal " + std::to_string(end.si_status) + " (" + ::strsignal(end.si_status) + ')';
    return end.si_status == 0 ? "" : "ended with status " + std::to_string(end.si_status);
  }

  void fail(const std::string& how) {
    std::string text = where_ + ' ' + how;
    // It may complain about the very thing that it printed.
    const auto printed = make_token(output_.text, where_).token.value_or(std::string());
    const std::string words = without_token(first_line(complaint_.text), printed);
    if (!words.empty()) text += ": \"" + proto::printable(words, 200) + '"';
    finish({std::nullopt, {cause::token_command_failed, text}});
  }

  void finish(token_reading reading) {
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(reading));
  }

  token_command command_;
  std::string where_;
  receiver done_;
  descriptor process_;
  timer deadline_;
  pipe output_;
  pipe complaint_;
  std::string fault_;
  pid_t pid_ = -1;
  bool running_ = false;
};

command_run::command_run(io::context& context, const token_command& command, receiver done)
    : impl_(std::make_shared<impl>(context, command, std::move(done))) {}
command_run::~command_run() = default;
void command_run::start() {
  impl_->start();
}
void command_run::abandon() {
  impl_->abandon();
}
bool command_run::under_way() const {
  return impl_->under_way();
}

}  // namespace roombridge::upstream
