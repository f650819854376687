// SPDX-License-Identifier: MIT
// What the kernel says of a measured process.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace bench {

// Nanoseconds that all its threads have run (/proc/PID/task/*/schedstat).
[[nodiscard]] std::uint64_t cpu_nanoseconds(pid_t pid);

// Anonymous resident memory in KiB (RssAnon of /proc/PID/status).
[[nodiscard]] std::uint64_t anonymous_kib(pid_t pid);

}  // namespace bench
