// SPDX-License-Identifier: MIT
#include "tests/bench/process.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace bench {

std::uint64_t cpu_nanoseconds(pid_t pid) {
  std::uint64_t total = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::uint64_t running = 0;
    std::ifstream(task.path() / "schedstat") >> running;
    total += running;
  }
  return total;
}

std::uint64_t anonymous_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string key; status >> key;) {
    std::uint64_t value = 0;
    if (key == "RssAnon:" && status >> value) return value;
    std::getline(status, key);
  }
  return 0;
}

}  // namespace bench
