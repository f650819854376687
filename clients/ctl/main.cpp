// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "clients/ctl/cli.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments{argv + 1, argv + argc};
  return static_cast<int>(
      roombridge::ctl::run(arguments, std::cin, std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0));
}
