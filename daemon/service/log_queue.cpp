// SPDX-License-Identifier: MIT
#include "daemon/service/log_queue.hpp"

#include <spdlog/async.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "daemon/base/signals_blocked.hpp"

namespace roombridge::service {
namespace {

// The thread inherits what is blocked.
std::shared_ptr<spdlog::details::thread_pool> begin_thread() {
  const signals_blocked for_the_thread;
  return std::make_shared<spdlog::details::thread_pool>(log_queue::capacity, 1);
}

}  // namespace

// Writes in the thread, counts what it has written, and says what was dropped before the first record after it.
class log_queue::writing_sink final : public spdlog::sinks::sink {
 public:
  writing_sink(spdlog::sink_ptr to, std::function<std::string(std::uint64_t)> dropped_text,
               std::weak_ptr<spdlog::details::thread_pool> thread)
      : to_(std::move(to)), dropped_text_(std::move(dropped_text)), thread_(std::move(thread)) {}

  void log(const spdlog::details::log_msg& record) override {
    tell_dropped(record);
    to_->log(record);
    const std::lock_guard lock(mutex_);
    ++written_;
    changed_.notify_all();
  }
  void flush() override { to_->flush(); }
  void set_pattern(const std::string& pattern) override { to_->set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    to_->set_formatter(std::move(formatter));
  }

  bool wait_for(std::uint64_t records, std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return written_ >= records; });
  }

 private:
  void tell_dropped(const spdlog::details::log_msg& before) {
    const auto thread = thread_.lock();
    const std::uint64_t dropped = thread ? thread->overrun_counter() : told_;
    if (dropped == told_) return;
    const std::string text = dropped_text_(dropped - told_);
    told_ = dropped;
    to_->log({before.time, before.source, before.logger_name, spdlog::level::warn, text});
  }

  spdlog::sink_ptr to_;
  std::function<std::string(std::uint64_t)> dropped_text_;
  std::weak_ptr<spdlog::details::thread_pool> thread_;
  std::uint64_t told_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t written_ = 0;
};

log_queue::log_queue(spdlog::sink_ptr to, std::function<std::string(std::uint64_t)> dropped_text)
    : thread_(begin_thread()),
      sink_(std::make_shared<writing_sink>(std::move(to), std::move(dropped_text), thread_)),
      logger_(std::make_shared<spdlog::async_logger>("roombridged", sink_, thread_,
                                                     spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_level(spdlog::level::trace);
}

log_queue::~log_queue() = default;

void log_queue::push(spdlog::level::level_enum level, std::string_view record) {
  ++pushed_;
  logger_->log(level, spdlog::string_view_t(record.data(), record.size()));
}

bool log_queue::drain(std::chrono::milliseconds most) {
  return sink_->wait_for(pushed_ - dropped(), most);
}

std::uint64_t log_queue::dropped() const {
  return thread_->overrun_counter();
}

}  // namespace roombridge::service
