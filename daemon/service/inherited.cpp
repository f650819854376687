// SPDX-License-Identifier: MIT
#include "daemon/service/inherited.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace roombridge::service {
namespace {

// What is written to descriptor 2 must not reach a file or a connection that was opened later.
void fill_standard_descriptors() {
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) ::close(opened);
}

// A program that is executed keeps what is ignored and what is blocked. With SIGCHLD ignored no status of a token
// command could be had; a SIGTERM that is blocked would never arrive.
void settle_signals() {
  for (const int number : {SIGCHLD, SIGTERM, SIGINT}) std::signal(number, SIG_DFL);
  for (const int number : {SIGHUP, SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

void settle_what_is_inherited() {
  fill_standard_descriptors();
  settle_signals();
  ::umask(077);  // each file is made with its mode; more than that it must not lose
}

}  // namespace roombridge::service
