// SPDX-License-Identifier: MIT
// Carries log records to a thread that writes them, so that a pipe that nobody reads, or a journal that stands still,
// holds up that thread only. The queue is bounded: while nothing is taken, the oldest records are dropped and counted.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace spdlog::details {
class thread_pool;
}

namespace roombridge::service {

class log_queue {
 public:
  // How many records wait at most.
  static constexpr std::size_t capacity = 1024;

  // `to`: what writes, used by the thread alone. `dropped_text`: the record that says how many were dropped, as `to`
  // takes records; called in the thread.
  log_queue(spdlog::sink_ptr to, std::function<std::string(std::uint64_t)> dropped_text);
  // Waits for what still has to be written: drain() before it where that may take for ever.
  ~log_queue();
  log_queue(const log_queue&) = delete;
  log_queue& operator=(const log_queue&) = delete;

  // Never blocks. The text is copied.
  void push(spdlog::level::level_enum level, std::string_view record);

  // Waits until everything is written, but not longer than `most`. False: something is left that `to` does not take.
  [[nodiscard]] bool drain(std::chrono::milliseconds most);

  // Since the start.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class writing_sink;

  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<writing_sink> sink_;
  std::shared_ptr<spdlog::logger> logger_;
  std::uint64_t pushed_ = 0;
};

}  // namespace roombridge::service
