// SPDX-License-Identifier: MIT
// The file that keeps named subscribers, and what is still to be written of it. Blocks; runs on one thread at a time.
//
// Invariants: a write touches neither the newest copy of its place nor the newest one that is known to be on the disk.
// So, or something newer, what was written is there again after any end of the daemon, also in the middle of a write,
// and what was synced after any end of the machine. What could not be written or synced is still to be written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/unique_fd.hpp"
#include "daemon/journal/fault.hpp"
#include "daemon/journal/file_system.hpp"
#include "daemon/journal/subscriber_slot.hpp"

namespace roombridge::journal {

class subscriber_file {
 public:
  static constexpr const char* name = "subscribers";

  // By place; nothing: nobody has it any more.
  using changes = std::map<std::size_t, std::optional<subscriber_record>>;

  // `synced`: sync() will be called, and what it says counts. `files` outlives this.
  subscriber_file(std::string directory, bool synced, file_system& files)
      : directory_(std::move(directory)), synced_(synced), files_(files) {}
  subscriber_file(const subscriber_file&) = delete;
  subscriber_file& operator=(const subscriber_file&) = delete;

  // `directory`: its descriptor. Makes the file where there is none. What this life knows better than a file that is
  // opened anew is still to be written.
  [[nodiscard]] fault open(int directory);

  // What the file has, by place.
  [[nodiscard]] std::vector<std::pair<std::size_t, subscriber_record>> found() const;

  // Is to be written. Precondition: each place is below subscriber_slots.
  void put(changes what);
  // Writes what is to be written.
  [[nodiscard]] fault write();
  // Forces what was written to the disk.
  [[nodiscard]] fault sync();

  // Whether everything is written, and whether all of that is synced.
  [[nodiscard]] bool is_written() const { return waiting_.empty(); }
  [[nodiscard]] bool is_synced() const { return is_written() && unsynced_.empty(); }

 private:
  struct place {
    std::optional<subscriber_record> found;
    std::uint64_t generation = 0;
    std::size_t newest = 0;  // of the copies
    std::size_t safe = 0;    // the newest one that is synced
  };

  [[nodiscard]] bool write_copy(std::size_t slot, const std::optional<subscriber_record>& what);
  [[nodiscard]] static std::size_t free_copy(const place& of);
  void settle(std::size_t slot);

  const std::string directory_;
  const bool synced_;
  file_system& files_;
  unique_fd file_;
  std::array<place, subscriber_slots> places_{};
  changes waiting_;
  changes unsynced_;
};

}  // namespace roombridge::journal
