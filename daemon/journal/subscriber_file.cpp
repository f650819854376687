// SPDX-License-Identifier: MIT
#include "daemon/journal/subscriber_file.hpp"

#include <fcntl.h>

#include <cassert>

#include "daemon/journal/file_io.hpp"

namespace roombridge::journal {

fault subscriber_file::open(int directory) {
  file_ = unique_fd{files_.open(directory, name, O_RDWR | O_CREAT, 0600)};
  if (!file_) return failure_text("open", directory_, name);
  const std::vector<std::byte> bytes = read_front(files_, file_.get(), subscriber_file_size).bytes;
  auto before = std::exchange(places_, {});
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    auto read = read_subscriber(bytes, slot);
    if (before[slot].generation > (read ? read->generation : 0)) waiting_.try_emplace(slot, before[slot].found);
    if (!read) continue;
    const std::size_t copy = read->copy;
    places_[slot] = {.found = std::move(read->value), .generation = read->generation, .newest = copy, .safe = copy};
    // The kernel shows also what it could not write to the disk, and does not try that again: hence once more, as it
    // is.
    if (synced_ && !write_copy(slot, places_[slot].found)) return failure_text("write", directory_, name);
  }
  if (synced_ && !bytes.empty() && files_.sync_data(file_.get()) != 0) return failure_text("sync", directory_, name);
  return std::nullopt;
}

std::vector<std::pair<std::size_t, subscriber_record>> subscriber_file::found() const {
  std::vector<std::pair<std::size_t, subscriber_record>> out;
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (places_[slot].found) out.emplace_back(slot, *places_[slot].found);
  }
  return out;
}

void subscriber_file::put(changes what) {
  assert(what.empty() || what.rbegin()->first < subscriber_slots);
  what.merge(waiting_);  // what is new counts
  waiting_ = std::move(what);
}

fault subscriber_file::write() {
  while (!waiting_.empty()) {
    const auto& [slot, what] = *waiting_.begin();
    const place before = places_[slot];
    places_[slot].generation = before.generation + 1;
    places_[slot].newest = free_copy(before);
    if (!write_copy(slot, what)) {
      places_[slot] = before;
      return failure_text("write", directory_, name);
    }
    places_[slot].found = what;
    if (!synced_) settle(slot);
    unsynced_.erase(slot);
    auto written = waiting_.extract(waiting_.begin());
    if (synced_) unsynced_.insert(std::move(written));
  }
  return std::nullopt;
}

fault subscriber_file::sync() {
  if (unsynced_.empty()) return std::nullopt;
  if (files_.sync_data(file_.get()) != 0) {
    // The kernel may have dropped what it could not write, and would call a second try a success.
    waiting_.merge(unsynced_);
    unsynced_.clear();
    return failure_text("sync", directory_, name);
  }
  for (const auto& [slot, what] : unsynced_) settle(slot);
  unsynced_.clear();
  return std::nullopt;
}

// Its newest copy.
bool subscriber_file::write_copy(std::size_t slot, const std::optional<subscriber_record>& what) {
  const place& where = places_[slot];
  const auto bytes = encode(what, where.generation);
  return write_whole(files_, file_.get(), bytes, subscriber_copy_at(slot, where.newest));
}

std::size_t subscriber_file::free_copy(const place& of) {
  std::size_t copy = 0;
  while (copy == of.newest || copy == of.safe) ++copy;
  return copy;
}

// What was written last is safe.
void subscriber_file::settle(std::size_t slot) {
  places_[slot].safe = places_[slot].newest;
}

}  // namespace roombridge::journal
