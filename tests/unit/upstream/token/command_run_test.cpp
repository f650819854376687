// SPDX-License-Identifier: MIT
// Real programs. Nothing here takes its time: what must have happened is waited for, with far deadlines.
#include "daemon/upstream/token/command_run.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class command_runs : public testing::Test {
 protected:
  token_reading run(std::vector<std::string> argv, milliseconds timeout = 60s) {
    std::optional<token_reading> got;
    command_run one(context_, {std::move(argv), timeout}, [&](token_reading reading) { got = std::move(reading); });
    one.start();
    context_.restart();
    context_.run_for(60s);
    EXPECT_FALSE(one.under_way());
    EXPECT_TRUE(got) << "no answer";
    return got.value_or(token_reading{});
  }
  token_reading shell(const std::string& script, milliseconds timeout = 60s) {
    return run({"/bin/sh", "-c", script}, timeout);
  }
  failure failed(const std::string& script, milliseconds timeout = 60s) {
    token_reading got = shell(script, timeout);
    EXPECT_FALSE(got.token);
    return got.missing;
  }

  io::context context_{1};
};

// Tells whether every process that has opened it for writing is gone.
class witness {
 public:
  witness() {
    std::string pattern = testing::TempDir() + "roombridge-command-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    EXPECT_EQ(mkfifo(path().c_str(), 0600), 0);
    reader_ = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~witness() {
    ::close(reader_);
    std::filesystem::remove_all(directory_);
  }
  [[nodiscard]] std::string path() const { return directory_ + "/fifo"; }
  // Within a minute.
  [[nodiscard]] bool everyone_gone() const {
    for (;;) {
      pollfd wanted{reader_, POLLIN, 0};
      if (::poll(&wanted, 1, 60'000) <= 0) return false;
      char piece[64];
      if (::read(reader_, piece, sizeof piece) == 0) return true;
    }
  }
  // Something was written to it, within a minute.
  [[nodiscard]] bool heard() const {
    pollfd wanted{reader_, POLLIN, 0};
    char piece[64];
    return ::poll(&wanted, 1, 60'000) > 0 && ::read(reader_, piece, sizeof piece) > 0;
  }

 private:
  std::string directory_;
  int reader_ = -1;
};

TEST_F(command_runs, give_what_the_program_prints) {
  EXPECT_EQ(run({"/bin/echo", "-n", " a.b.c "}).token, "a.b.c");
  EXPECT_EQ(shell("printf 'a.b'; printf '.c\\n'; echo chatter >&2").token, "a.b.c");
  EXPECT_EQ(run({"/bin/echo", "$HOME", "*", ";"}).token, "$HOME * ;") << "no shell";
}

TEST_F(command_runs, that_print_nothing_mean_that_there_is_no_token) {
  const failure nothing = failed("echo");
  EXPECT_EQ(nothing.why, cause::token_missing);
  EXPECT_EQ(nothing.text, "the output of the token command /bin/sh is empty");
}

TEST_F(command_runs, that_print_something_else_than_a_token_have_failed) {
  const failure usage = failed("printf 'usage: get-token [--for NAME]\\n  --for  whose\\n'");
  EXPECT_EQ(usage.why, cause::token_command_failed);
  EXPECT_EQ(usage.text,
            "the output of the token command /bin/sh has more than one line: leave only the one that counts");
  EXPECT_THAT(failed(R"(echo '{"access_token":"s3cret"}')").text,
              AllOf(HasSubstr("is a JSON document"), Not(HasSubstr("s3cret"))));
}

TEST_F(command_runs, are_bounded) {
  EXPECT_EQ(shell("head -c 65536 /dev/zero | tr '\\0' x").token, std::string(max_token_size, 'x'));
  const failure large = failed("head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(large.why, cause::token_command_failed);
  EXPECT_THAT(large.text, HasSubstr("64 KiB"));
  EXPECT_EQ(shell("head -c 1000000 /dev/zero >&2; echo t").token, "t");
}

TEST_F(command_runs, that_fail_say_how) {
  EXPECT_EQ(failed("exit 3"), (failure{cause::token_command_failed, "the token command /bin/sh ended with status 3"}));
  EXPECT_EQ(failed("echo; echo 'no network, sorry' >&2; echo more >&2; exit 1").text,
            "the token command /bin/sh ended with status 1: \"no network, sorry\"");
  EXPECT_EQ(failed("kill -TERM $$").text, "the token command /bin/sh was killed by signal 15 (Terminated)");
  EXPECT_EQ(run({"/no/such/program"}).missing,
            (failure{cause::token_command_failed,
                     "the token command /no/such/program cannot be started: No such file or directory"}));
  EXPECT_THAT(run({"/etc/passwd"}).missing.text, HasSubstr("cannot be started: Permission denied"));
}

TEST_F(command_runs, whose_end_somebody_else_has_awaited_have_failed) {
  const auto old = std::signal(SIGCHLD, SIG_IGN);
  const failure unknown = failed("echo usage: get-token NAME; head -c 1000000 /dev/zero >&2");
  std::signal(SIGCHLD, old);
  EXPECT_EQ(unknown.why, cause::token_command_failed);
  EXPECT_THAT(unknown.text, HasSubstr("has ended, and how cannot be known: No child processes"));
}

TEST_F(command_runs, that_complain_about_the_token_do_not_show_it) {
  const failure shown = failed("echo s3cret-token; echo 's3cret-token is old' >&2; exit 1");
  EXPECT_THAT(shown.text, AllOf(HasSubstr("[token] is old"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(failed("printf 'a\\033[2Jb' >&2; exit 1").text, HasSubstr("\"a\\u001b[2Jb\""));
}

TEST_F(command_runs, that_take_too_long_are_killed) {
  const failure late = failed("echo thinking >&2; exec sleep 1000", 50ms);
  EXPECT_EQ(late.why, cause::token_command_failed);
  EXPECT_THAT(late.text, HasSubstr("the token command /bin/sh did not end within 50 ms"));
}

TEST_F(command_runs, that_print_on_and_on_are_killed) {
  for (const auto* script : {"exec yes", "exec yes >&2"}) {
    const failure flood = failed(script, 1h);
    EXPECT_EQ(flood.why, cause::token_command_failed);
    EXPECT_THAT(flood.text, HasSubstr("printed more than 1048576 bytes that are no token, and was killed"));
  }
}

TEST_F(command_runs, do_not_wait_for_what_they_leave_behind_and_kill_it) {
  const witness left;
  EXPECT_EQ(shell("exec 3>" + left.path() + "; sleep 1000 & echo t").token, "t") << "sleep holds stdout open";
  EXPECT_TRUE(left.everyone_gone());
}

TEST_F(command_runs, that_are_abandoned_are_killed_and_not_heard) {
  const witness left;
  bool told = false;
  {
    command_run one(context_, {{"/bin/sh", "-c", "exec 3>" + left.path() + "; echo x >&3; sleep 1000"}, 60s},
                    [&](token_reading) { told = true; });
    one.start();
    ASSERT_TRUE(left.heard());
    one.abandon();
  }
  EXPECT_TRUE(left.everyone_gone());
  context_.run_for(60s);
  EXPECT_FALSE(told);
}

TEST_F(command_runs, have_the_usual_limit_of_open_files) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_GT(before.rlim_max, FD_SETSIZE) << "nothing can be seen with so low a hard limit";
  const rlimit raised{before.rlim_max, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &raised), 0);
  EXPECT_EQ(shell("ulimit -Sn").token, std::to_string(FD_SETSIZE));
  EXPECT_EQ(shell("ulimit -Hn").token, std::to_string(before.rlim_max));
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, raised.rlim_cur) << "our own is back";
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(command_runs, inherit_no_descriptor_and_no_ignored_signal) {
  const int leaked = ::fcntl(STDIN_FILENO, F_DUPFD, 77);
  ASSERT_GE(leaked, 77);
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(shell("readlink /proc/self/fd/0").token, "/dev/null");
  EXPECT_EQ(shell("test -e /proc/self/fd/" + std::to_string(leaked) + " && echo leaked || echo none").token, "none");
  EXPECT_THAT(failed("kill -PIPE $$; echo survived").text, HasSubstr("killed by signal 13"));
  std::signal(SIGPIPE, old);
  ::close(leaked);
}

}  // namespace
}  // namespace roombridge::upstream
