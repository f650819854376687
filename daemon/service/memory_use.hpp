// SPDX-License-Identifier: MIT
// How much memory the daemon takes, and how much it may: the unit's MemoryMax=, beyond which the kernel ends it.
#pragma once

#include <cstddef>
#include <string>

namespace roombridge::service {

struct memory_use {
  std::size_t used = 0;   // bytes: as the control group counts where that has a limit, otherwise what is resident
  std::size_t limit = 0;  // bytes; 0: there is none, or it cannot be read
};

// `proc` and `cgroups`: where the kernel tells of the process and of control groups (version 2).
[[nodiscard]] memory_use read_memory_use(const std::string& proc = "/proc/self",
                                         const std::string& cgroups = "/sys/fs/cgroup");

}  // namespace roombridge::service
