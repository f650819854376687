// SPDX-License-Identifier: MIT
// A logger in front of another one: whatever the daemon says passes through here, and what is secret stays behind.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/logger.hpp"

namespace roombridge::service {

class hiding_logger final : public logger {
 public:
  using hide_function = std::function<std::string(std::string_view)>;

  // `to` outlives this. Nothing is hidden before hide_by().
  explicit hiding_logger(logger& to) : to_(to) {}

  // `hide`: the text without what is secret.
  void hide_by(hide_function hide) { hide_ = std::move(hide); }

  [[nodiscard]] bool enabled(log_level level) const override { return to_.enabled(level); }

  void write(log_level level, std::string_view text, std::initializer_list<log_field> fields) override {
    if (!hide_ || !enabled(level)) return to_.write(level, text, fields);
    // The values are names of causes and states and the like; one that is not is left out, its text says it.
    bool clean = true;
    for (const log_field& field : fields) clean = clean && hide_(field.value) == field.value;
    to_.write(level, hide_(text), clean ? fields : std::initializer_list<log_field>{});
  }

 private:
  logger& to_;
  hide_function hide_;
};

}  // namespace roombridge::service
