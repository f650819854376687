// SPDX-License-Identifier: MIT
// The whole configuration as plain data: what each layer is told.
#pragma once

#include <cstddef>

#include "daemon/base/logger.hpp"
#include "daemon/events/profile.hpp"
#include "daemon/journal/options.hpp"
#include "daemon/local/options.hpp"
#include "daemon/log/retention.hpp"
#include "daemon/upstream/options.hpp"

namespace roombridge::config {

struct settings {
  upstream::options upstream;
  events::profile events;
  local::options local;
  std::size_t log_capacity = 16u << 20;  // bytes of the event log; fixed for the life of the process
  log::retention retained;
  journal::options journal;
  log_level level = log_level::info;
  bool operator==(const settings&) const = default;
};

}  // namespace roombridge::config
