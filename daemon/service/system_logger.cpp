// SPDX-License-Identifier: MIT
#include "daemon/service/system_logger.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace roombridge::service {
namespace {

// $JOURNAL_STREAM holds the device and inode of the stream that systemd connected to the journal; a redirected stderr
// differs.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

int priority(log_level level) {
  switch (level) {
    case log_level::trace:
    case log_level::debug:
      return LOG_DEBUG;
    case log_level::info:
      return LOG_INFO;
    case log_level::warning:
      return LOG_WARNING;
    case log_level::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
    case log_level::trace:
      return spdlog::level::trace;
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warning:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

void write_journal(log_level level, std::string_view text, std::initializer_list<log_field> fields) {
  std::vector<std::string> entries;
  entries.reserve(fields.size() + 2);
  entries.push_back("MESSAGE=" + std::string(text));
  entries.push_back("PRIORITY=" + std::to_string(priority(level)));
  for (const log_field& field : fields) {
    if (field.value.empty()) continue;
    std::string& entry = entries.emplace_back("ROOMBRIDGE_");
    entry.append(field.key).append("=").append(field.value);
  }
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (std::string& entry : entries) parts.push_back({entry.data(), entry.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

// What comes from peers must not forge a line of its own.
std::string one_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      result += c;
    } else {
      std::array<char, 5> code{};
      std::snprintf(code.data(), code.size(), "\\x%02x", static_cast<unsigned char>(c));
      result += code.data();
    }
  }
  return result;
}

}  // namespace

system_logger::system_logger() {
  if (stderr_is_journal()) return;
  stderr_ =
      std::make_unique<spdlog::logger>("roombridged", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>());
  stderr_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  stderr_->set_level(spdlog::level::trace);
}

system_logger::~system_logger() = default;

void system_logger::write(log_level level, std::string_view text, std::initializer_list<log_field> fields) {
  if (!enabled(level)) return;
  if (!stderr_) return write_journal(level, text, fields);
  std::string line = one_line(text);
  for (const log_field& field : fields) {
    if (field.value.empty()) continue;
    line.append(" ").append(field.key).append("=").append(one_line(field.value));
  }
  stderr_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace roombridge::service
