// SPDX-License-Identifier: MIT
// The daemon's log: to the journal with structured fields when stderr is connected to it (systemd.exec(5),
// $JOURNAL_STREAM), else to stderr, one line a record.
#pragma once

#include <memory>
#include <string_view>

#include "daemon/base/logger.hpp"

namespace spdlog {
class logger;
}

namespace roombridge::service {

class system_logger final : public logger {
 public:
  system_logger();
  ~system_logger() override;

  void set_level(log_level level) { level_ = level; }

  [[nodiscard]] bool enabled(log_level level) const override { return level >= level_; }
  void write(log_level level, std::string_view text, std::initializer_list<log_field> fields) override;

 private:
  log_level level_ = log_level::info;
  std::unique_ptr<spdlog::logger> stderr_;  // null: the journal
};

}  // namespace roombridge::service
