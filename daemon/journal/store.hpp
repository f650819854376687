// SPDX-License-Identifier: MIT
// The journal's directory: the ledger, the subscribers and the segment files, named for their first record. Blocks;
// runs on one thread at a time.
//
// Invariants: the directory is locked while a store has it open. Files of another epoch than the ledger's are never
// read and are removed once a ledger is written. Only the newest segment is ever written to, and only at its end; after
// a failed write or sync it is given up, and the next record begins another. What was torn is cut off at the first
// open. A file that cannot be read, or not all of it, is left as it is. No record is longer on disk than options::age
// and an eighth of it, as far as clocks can tell: what this life has written counts by the steady one, and of what it
// has found nothing is removed for an age by a wall clock that is or was wrong. All segments together take at most
// options::capacity, unless one record alone is larger.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/unique_fd.hpp"
#include "daemon/base/wall_watch.hpp"
#include "daemon/journal/fault.hpp"
#include "daemon/journal/file_io.hpp"
#include "daemon/journal/file_system.hpp"
#include "daemon/journal/ledger.hpp"
#include "daemon/journal/options.hpp"
#include "daemon/journal/segment_format.hpp"
#include "daemon/journal/subscriber_file.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::journal {

// Bytes of a segment that no writer has written, or that cannot be read, and with them records.
struct damage {
  std::string file;  // its name in the directory
  std::size_t byte = 0;
  log::sequence first = 0;  // of the numbers that are missing; not all of them need have been events
  log::sequence last = 0;   // less than `first`: nobody knows
  int error = 0;            // errno: why it cannot be read; 0: it can
};
// For an operator.
[[nodiscard]] std::string to_text(const damage& what);

using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

struct moment {
  std::chrono::steady_clock::time_point now;
  wall_time wall;
};

class store {
 public:
  // `files` outlives the store; `start`: the present moment.
  store(options config, file_system& files, moment start);
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  // Makes or takes up the directory and cuts off what is torn. After a fault it may be called again.
  [[nodiscard]] fault open();
  [[nodiscard]] bool is_open() const { return static_cast<bool>(directory_); }
  // Whether the directory is still the one that its path names.
  [[nodiscard]] bool is_in_place() const;
  // Lets go of the directory; open() may follow.
  void close();

  // So many bytes behind the last record were no whole one, and open() has cut them off.
  [[nodiscard]] std::size_t torn() const { return torn_; }

  // What was in the directory; nothing: no ledger, or none that is sound.
  [[nodiscard]] const std::optional<ledger>& found() const { return ledger_; }

  // Whether there are segments of which nobody knows, since the ledger is gone.
  [[nodiscard]] bool has_lost_its_ledger() const { return !ledger_ && !strays_.empty(); }
  // Whether there are events or subscribers of earlier lives.
  [[nodiscard]] bool has_remains() const;

  // All records, oldest first.
  void replay(const std::function<void(const stored_record&)>& sink);
  // The first number of the newest segments that take `bytes` together, or of all there are.
  [[nodiscard]] log::sequence begin_of_newest(std::size_t bytes) const;
  // The seq of the newest record that open() has found; 0: there is none.
  [[nodiscard]] log::sequence newest() const { return newest_; }

  // Reads on behind `where`, about `max_bytes` of one file, and moves it; what is not sound is passed over. True: `out`
  // is complete, and has at least one record unless it is at the end.
  [[nodiscard]] bool read_on(log::history_place& where, std::size_t max_bytes, log::history_chunk& out);

  // What open(), replay() and read_on() have passed over so far, each once and at most so many; and how many these are.
  static constexpr std::size_t most_damages = 100;
  [[nodiscard]] const std::vector<damage>& damages() const { return damages_; }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  // The seq of the oldest record; 0: there is none.
  [[nodiscard]] log::sequence oldest() const { return segments_.empty() ? 0 : segments_.front().first; }

  // Is on the disk when it returns. A new epoch takes all records of the old one away.
  [[nodiscard]] fault write(const ledger& value);
  // Whole records as append_record() makes them, of the ledger's epoch; seals them.
  [[nodiscard]] fault append(std::span<std::byte> records, moment at);
  // Forces what append() wrote, and what the subscribers' file did, to the disk.
  [[nodiscard]] fault sync();
  // Whether there is room for more than a few bytes: writes a file that it removes again.
  [[nodiscard]] fault probe();
  // Removes what is too old.
  [[nodiscard]] fault prune(moment at);

  // Open as the store is; what it has is of every epoch.
  [[nodiscard]] subscriber_file& subscribers() { return subscribers_; }
  [[nodiscard]] const subscriber_file& subscribers() const { return subscribers_; }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t segments() const { return segments_.size(); }

 private:
  struct segment {
    log::sequence first = 0;
    std::size_t bytes = 0;
    wall_time begun;                                                      // as the file says
    wall_time written;                                                    // last; likewise
    std::optional<std::chrono::steady_clock::time_point> begun_here{};    // in this life
    std::optional<std::chrono::steady_clock::time_point> written_here{};  // likewise
    std::uint64_t mark = 0;                                               // of its records; 0: of version 1
  };

  [[nodiscard]] fault take_directory();
  [[nodiscard]] fault take_ledger();
  [[nodiscard]] fault list_segments();
  void mend_newest();
  [[nodiscard]] std::optional<segment> take_up(const std::string& name);
  [[nodiscard]] fault draw_secret();
  void note(damage what);
  void note_missing(log::sequence first, log::sequence last);
  void note_unread(const segment& what, const log::history_place& from, int error);
  [[nodiscard]] reading read(const segment& what) const;
  [[nodiscard]] std::vector<segment>::const_iterator find(log::history_place& where) const;
  [[nodiscard]] reading read_part(const segment& what, std::size_t offset, std::size_t size) const;
  [[nodiscard]] bool must_rotate(std::size_t more, moment at);
  [[nodiscard]] fault begin_segment(log::sequence first, moment at);
  [[nodiscard]] std::chrono::nanoseconds age(wall_time then,
                                             const std::optional<std::chrono::steady_clock::time_point>& here,
                                             moment at);
  [[nodiscard]] fault make_room(std::size_t more);
  [[nodiscard]] fault write_at(int fd, std::span<const std::byte> bytes, std::size_t offset, std::string_view name);
  [[nodiscard]] fault remove(const std::string& name);
  [[nodiscard]] fault remove_oldest();
  [[nodiscard]] fault remove_strays();
  [[nodiscard]] std::string failed(std::string_view what, std::string_view name) const;
  void give_up_open();

  const options config_;
  const std::size_t segment_bytes_;
  file_system& files_;
  unique_fd directory_;
  unique_fd ledger_file_;
  subscriber_file subscribers_;
  std::optional<ledger> ledger_;
  std::uint64_t generation_ = 0;
  std::uint64_t secret_ = 0;         // the ledger's
  std::vector<segment> segments_;    // of the ledger's epoch, oldest first
  std::vector<std::string> strays_;  // names of segments that are not
  std::size_t bytes_ = 0;
  log::sequence newest_ = 0;
  std::size_t torn_ = 0;
  wall_watch watch_;
  std::vector<damage> damages_;
  std::uint64_t damaged_ = 0;
  unique_fd open_;                // the newest of segments_; nothing: the next record begins another
  bool dirty_ = false;            // open_ has what was not synced
  bool directory_dirty_ = false;  // so has the directory
};

}  // namespace roombridge::journal
