// SPDX-License-Identifier: MIT
#include "daemon/service/system_logger.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>
#include <roombridge/proto/printable.hpp>
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

// What the journal is told, as one text for the queue: its fields, each with a NUL behind it.
std::string journal_record(int priority, std::string_view text, std::initializer_list<log_field> fields) {
  std::string record = "PRIORITY=" + std::to_string(priority) + '\0' + "MESSAGE=";
  record += text;
  record += '\0';
  for (const log_field& field : fields) {
    if (field.value.empty()) continue;
    record.append("ROOMBRIDGE_").append(field.key).append("=").append(proto::printable(field.value)) += '\0';
  }
  return record;
}

class journal_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& record) override {
    std::vector<iovec> fields;
    for (std::string_view left{record.payload.data(), record.payload.size()}; !left.empty();) {
      const std::size_t length = left.find('\0');
      fields.push_back({const_cast<char*>(left.data()), length});
      left.remove_prefix(length + 1);
    }
    sd_journal_sendv(fields.data(), static_cast<int>(fields.size()));
  }
  void flush_() override {}
};

spdlog::sink_ptr stderr_sink() {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>();
  sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  return sink;
}

std::string dropped_text(std::uint64_t count, bool journal) {
  const std::string text = std::to_string(count) +
                           " log records were dropped here: " + (journal ? "the journal" : "the reader of stderr") +
                           " did not take them in time; the daemon itself was not held up";
  return journal ? journal_record(LOG_WARNING, text, {}) : text;
}

}  // namespace

system_logger::system_logger()
    : journal_(stderr_is_journal()),
      queue_(journal_ ? std::make_shared<journal_sink>() : stderr_sink(),
             [journal = journal_](std::uint64_t count) { return dropped_text(count, journal); }) {}

void system_logger::write(log_level level, std::string_view text, std::initializer_list<log_field> fields) {
  if (!enabled(level)) return;
  // What comes from others must neither forge a record nor reach into a terminal.
  std::string record = proto::printable(text);
  if (journal_) {
    record = journal_record(priority(level), record, fields);
  } else {
    for (const log_field& field : fields) {
      if (field.value.empty()) continue;
      record.append(" ").append(field.key).append("=").append(proto::printable(field.value));
    }
  }
  queue_.push(spdlog_level(level), record);
}

}  // namespace roombridge::service
