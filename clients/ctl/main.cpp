// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <iostream>

#include "clients/ctl/cli.hpp"

namespace {

// A program that is executed keeps its parent's closed descriptors, and what is ignored and blocked. What is printed
// must not go into the connection to the daemon; a reader that ends (tail | head), and a SIGTERM, end it.
void settle_what_is_inherited() {
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) ::close(opened);
  for (const int number : {SIGPIPE, SIGTERM}) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  settle_what_is_inherited();
  const std::vector<std::string> arguments{argv + 1, argv + argc};
  return static_cast<int>(
      roombridge::ctl::run(arguments, std::cin, std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0));
}
