// SPDX-License-Identifier: MIT
// Records to write, directories to write them to, and disks that fail when a test says so.
#pragma once

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <roombridge/proto/messages.hpp>

#include "daemon/journal/store.hpp"
#include "daemon/log/event_log.hpp"

namespace roombridge::journal {

class temporary_directory {
 public:
  temporary_directory() {
    std::string name = testing::TempDir() + "roombridge-journal-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Makes log::record of it, whatever a test wants.
class recorder final : public log::log_observer {
 public:
  explicit recorder(log::sequence next = 1, std::size_t capacity = 2u << 20) : log_(capacity, 1) {
    log_.go_on_from(next);
    log_.observe(*this);
  }

  // The bytes of the next record; `size`: of its arguments.
  std::vector<std::byte> event(std::size_t size = 1, std::string_view name = "e",
                               const std::vector<std::string_view>& topics = {}) {
    out_.clear();
    log_.append({.time = 5, .name = name, .topics = topics, .arguments = std::string(size, '1')});
    return out_;
  }
  std::vector<std::byte> event_with(const std::vector<std::string_view>& fields, std::string_view retain_key) {
    out_.clear();
    log_.append({.time = 5, .name = "e", .fields = fields, .arguments = "1", .retain_key = retain_key});
    return out_;
  }
  // `plain`: it is not retained, and has no fields.
  std::vector<std::byte> event_at(std::string offset, bool plain) {
    offset_ = std::move(offset);
    const std::vector<std::string_view> fields{"a=1"};
    out_.clear();
    if (plain) {
      log_.append({.time = 5, .name = "e", .arguments = "1"});
    } else {
      log_.append({.time = 5, .name = "e", .fields = fields, .arguments = "1", .retain_key = "k"});
    }
    offset_.clear();
    return out_;
  }
  // `arguments`: whatever bytes.
  std::vector<std::byte> text(std::string_view arguments) {
    out_.clear();
    log_.append({.time = 5, .name = "e", .arguments = arguments});
    return out_;
  }
  std::vector<std::byte> unexpected_event() {
    out_.clear();
    log_.append({.time = 5, .name = "e", .unexpected = true, .arguments = "1"});
    return out_;
  }
  std::vector<std::byte> upstream_gap(std::int64_t from, std::int64_t until) {
    out_.clear();
    log_.append_upstream_gap(from, until);
    return out_;
  }
  std::vector<std::byte> events(int count, std::size_t size = 1) {
    std::vector<std::byte> all;
    while (count-- > 0) {
      const auto one = event(size);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
  void skip_to(log::sequence next) { log_.go_on_from(next); }
  [[nodiscard]] log::sequence newest() const { return log_.newest(); }

 private:
  void on_append(const log::record& what, std::string_view retain_key) override {
    out_.clear();
    append_record(out_, what, retain_key, offset_);
  }

  log::event_log log_;
  std::string offset_;
  std::vector<std::byte> out_;
};

// No test crashes the machine.
class unsynced_files : public file_system {
 public:
  int sync_data(int) override { return 0; }
  int sync_directory(int) override { return 0; }
};

// A disk whose writes wait until the test lets them go on.
class gated_files final : public unsynced_files {
 public:
  ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset) override {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
    return file_system::write_at(fd, bytes, offset);
  }
  void close() {
    const std::lock_guard lock{mutex_};
    open_ = false;
  }
  void open_up() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  void await_writer() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
};

// Fails the calls that a test names: by their number, from 0, or all of a kind.
class failing_files final : public unsynced_files {
 public:
  // errno for this call, 0 to let it through; negative: a write of so many bytes only. `call` is one of "open",
  // "write", "truncate", "sync", "sync_directory", "remove".
  using plan = std::function<int(std::string_view call, int number)>;

  void set(plan what) {
    const std::lock_guard lock{mutex_};
    plan_ = std::move(what);
  }
  // Every call of these kinds fails.
  void fail(int error, std::vector<std::string> calls) {
    set([error, calls = std::move(calls)](std::string_view call, int) {
      return std::find(calls.begin(), calls.end(), call) == calls.end() ? 0 : error;
    });
  }
  void heal() { set(nullptr); }
  [[nodiscard]] int calls() const {
    const std::lock_guard lock{mutex_};
    return number_;
  }
  [[nodiscard]] int calls(const std::string& of) const {
    const std::lock_guard lock{mutex_};
    return counts_.contains(of) ? counts_.at(of) : 0;
  }

  // The disk does not give the page of this file in which the byte lies.
  void spoil(const std::string& name, off_t byte) { spoilt_[name].insert(byte / page); }
  // This file cannot be opened.
  void shut(const std::string& name, int error) { shut_[name] = error; }

  int open(int directory, const char* name, int flags, mode_t mode) override {
    if (const auto found = shut_.find(name); found != shut_.end()) {
      errno = found->second;
      return -1;
    }
    const int fd = try_open(directory, name, flags, mode);
    if (fd >= 0) names_[fd] = name;
    return fd;
  }
  // As the kernel does: what lies before a bad page, and then an error.
  ssize_t read_at(int fd, std::span<std::byte> out, off_t offset) override {
    const auto& bad = spoilt_[names_[fd]];
    const auto first = bad.lower_bound(offset / page);
    const off_t good = first == bad.end() ? std::numeric_limits<off_t>::max() : *first * page;
    if (good > offset) {
      const auto size = std::min(out.size(), static_cast<std::size_t>(good - offset));
      return file_system::read_at(fd, out.first(size), offset);
    }
    errno = EIO;
    return -1;
  }
  ssize_t write_at(int fd, std::span<const std::byte> bytes, off_t offset) override {
    const int error = verdict("write");
    const auto most = error < 0 ? static_cast<std::size_t>(-error) : bytes.size();
    if (error < 0) return file_system::write_at(fd, bytes.first(std::min(bytes.size(), most)), offset);
    errno = error;
    return error != 0 ? -1 : file_system::write_at(fd, bytes, offset);
  }
  int truncate(int fd, off_t size) override { return refuses("truncate") ? -1 : file_system::truncate(fd, size); }
  int sync_data(int) override { return refuses("sync") ? -1 : 0; }
  int sync_directory(int) override { return refuses("sync_directory") ? -1 : 0; }
  int remove(int directory, const char* name) override {
    return refuses("remove") ? -1 : file_system::remove(directory, name);
  }

 private:
  int verdict(const std::string& call) {
    const std::lock_guard lock{mutex_};
    ++counts_[call];
    const int number = number_++;
    return plan_ ? plan_(call, number) : 0;
  }
  int try_open(int directory, const char* name, int flags, mode_t mode) {
    return refuses("open") ? -1 : file_system::open(directory, name, flags, mode);
  }
  bool refuses(const std::string& call) {
    const int error = std::max(verdict(call), 0);
    if (error != 0) errno = error;
    return error != 0;
  }

  mutable std::mutex mutex_;  // guards what follows: the I/O thread calls
  plan plan_;
  int number_ = 0;
  std::map<std::string, int> counts_;

  // Of a store's own thread.
  static constexpr off_t page = 4096;
  std::map<std::string, std::set<off_t>> spoilt_;
  std::map<std::string, int> shut_;
  std::map<int, std::string> names_;
};

// By clocks that go alike.
inline moment at(wall_time wall) {
  return {std::chrono::steady_clock::time_point{wall.time_since_epoch()}, wall};
}
inline moment present() {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

inline std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline std::vector<log::sequence> all_of(store& from) {
  std::vector<log::sequence> out;
  from.replay([&out](const stored_record& what) { out.push_back(what.seq); });
  return out;
}

// What a reader gets who begins behind `place.after`, chunk by chunk, until the end.
struct readings {
  std::vector<log::sequence> seqs;
  std::size_t chunks = 0;
  std::size_t largest = 0;  // bytes
};
inline readings read_all(store& from, log::history_place place, std::size_t max_bytes = 1u << 16) {
  readings out;
  for (bool at_end = false; !at_end;) {
    log::history_chunk chunk;
    while (!from.read_on(place, max_bytes, chunk)) {
    }
    for (const log::record& each : chunk.records) out.seqs.push_back(each.seq);
    ++out.chunks;
    out.largest = std::max(out.largest, chunk.bytes.size());
    place = chunk.next;
    at_end = chunk.at_end;
  }
  return out;
}

inline std::vector<log::sequence> numbers(log::sequence first, log::sequence last) {
  std::vector<log::sequence> out;
  while (first <= last) out.push_back(first++);
  return out;
}

}  // namespace roombridge::journal
