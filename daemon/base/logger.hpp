// SPDX-License-Identifier: MIT
// What every layer says to the operator goes through this interface; the composition root decides where it ends up.
#pragma once

#include <initializer_list>
#include <string_view>

namespace roombridge {

enum class log_level { trace, debug, info, warning, error };

// One structured field of a log record, as the journal has them. `key` is upper case, e.g. "CAUSE"; it is stored as
// ROOMBRIDGE_CAUSE.
struct log_field {
  std::string_view key;
  std::string_view value;
};

class logger {
 public:
  virtual ~logger() = default;

  // Whether a record of this level would be written; asked before an expensive text is made.
  [[nodiscard]] virtual bool enabled(log_level level) const = 0;

  // `text` says what, where and what to do. Never pass a token or a payload: they must not reach a log.
  virtual void write(log_level level, std::string_view text, std::initializer_list<log_field> fields) = 0;

  void debug(std::string_view text, std::initializer_list<log_field> fields = {}) {
    write(log_level::debug, text, fields);
  }
  void info(std::string_view text, std::initializer_list<log_field> fields = {}) {
    write(log_level::info, text, fields);
  }
  void warning(std::string_view text, std::initializer_list<log_field> fields = {}) {
    write(log_level::warning, text, fields);
  }
  void error(std::string_view text, std::initializer_list<log_field> fields = {}) {
    write(log_level::error, text, fields);
  }
};

}  // namespace roombridge
