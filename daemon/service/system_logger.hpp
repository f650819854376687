// SPDX-License-Identifier: MIT
// The daemon's log: to the journal with structured fields when stderr is connected to it (systemd.exec(5),
// $JOURNAL_STREAM), else to stderr, one line a record. A thread of its own writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "daemon/base/logger.hpp"
#include "daemon/service/log_queue.hpp"

namespace roombridge::service {

class system_logger final : public logger {
 public:
  system_logger();

  void set_level(log_level level) { level_ = level; }

  [[nodiscard]] bool enabled(log_level level) const override { return level >= level_; }
  // Never blocks.
  void write(log_level level, std::string_view text, std::initializer_list<log_field> fields) override;

  // As log_queue has them.
  [[nodiscard]] bool drain(std::chrono::milliseconds most) { return queue_.drain(most); }
  [[nodiscard]] std::uint64_t dropped() const { return queue_.dropped(); }

 private:
  log_level level_ = log_level::info;
  bool journal_;  // else stderr
  log_queue queue_;
};

}  // namespace roombridge::service
