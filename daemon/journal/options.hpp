// SPDX-License-Identifier: MIT
// What the journal needs to know, as plain data from the config.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace roombridge::journal {

// When what was written is forced to the disk. A crash of the daemon alone loses nothing that was written, whatever the
// policy; a crash of the machine does.
enum class sync_policy {
  never,     // the kernel decides
  interval,  // options::sync_interval after the first write that was not
  always     // before a subscriber sees the event
};

struct options {
  std::string directory;             // made when it is not there, its parent is not; empty: no journal
  std::size_t capacity = 64u << 20;  // bytes of all segments
  std::chrono::milliseconds age{std::chrono::hours{168}};
  sync_policy sync = sync_policy::interval;
  std::chrono::milliseconds sync_interval{1000};
  bool operator==(const options&) const = default;
};

}  // namespace roombridge::journal
