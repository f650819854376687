// SPDX-License-Identifier: MIT
#include "daemon/service/memory_use.hpp"

#include <unistd.h>

#include <fstream>
#include <optional>
#include <string_view>

namespace roombridge::service {
namespace {

std::optional<std::size_t> read_number(const std::string& path) {
  std::ifstream file(path);
  std::size_t value = 0;
  if (!(file >> value)) return std::nullopt;  // "max", too
  return value;
}

// The process's control group; empty: of version 1 only.
std::string group_of(const std::string& proc) {
  constexpr std::string_view version_2 = "0::";
  std::ifstream file(proc + "/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(version_2)) return line.substr(version_2.size());
  }
  return {};
}

std::size_t resident(const std::string& proc) {
  std::ifstream file(proc + "/statm");
  std::size_t size = 0;
  std::size_t pages = 0;
  file >> size >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

memory_use read_memory_use(const std::string& proc, const std::string& cgroups) {
  const std::string group = cgroups + group_of(proc);
  const auto limit = read_number(group + "/memory.max");
  const auto used = read_number(group + "/memory.current");
  if (limit && used) return {*used, *limit};
  return {resident(proc), 0};
}

}  // namespace roombridge::service
