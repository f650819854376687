// SPDX-License-Identifier: MIT
// What the journal's I/O thread does, turn by turn: writes, syncs, removes, and after a failure tries again with a
// growing delay. Time is an argument; all but time is the store's.
//
// A try after a failure writes more than most events take, so that a disk with room for a few bytes does not pass for a
// good one. A disk that fails soon after a good try is waited for longer than the last time, and counts as failing all
// the while.
//
// What can be read only once this life has begun is left as it is: the log has other numbers by then. A later life
// takes it up. A directory that is removed while the daemon runs is made again.
//
// Invariants: a record is written only once the ledger that covers it is on the disk. What comes while the disk fails
// is dropped, never kept for later: numbers that are missing tell of it after the next start. Of a subscriber the
// newest is kept for later.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/journal/store.hpp"

namespace roombridge::journal {

// What one turn has to do. A ledger is written before the records, and subscribers behind them.
struct work {
  std::optional<ledger> book;
  bool forget = false;  // what earlier lives have left is not kept for a later one
  subscriber_file::changes subscribers;
  std::uint64_t ticket = 0;  // of the last of these changes; they grow
  std::vector<std::byte> records;
  std::uint64_t count = 0;  // of records
  log::sequence last = 0;   // seq of the last of them, if there is any
};

// What a reader of the log's past wants next.
struct read_request {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;
  log::history_place from;
  std::size_t max_bytes = 0;
};

// What earlier lives have left in the directory.
enum class earlier_lives : std::uint8_t {
  none,    // that this life has not taken up
  unseen,  // there may be some: the directory could not be used when this life began
  kept,    // for a later life
};

struct keeper_state {
  std::string trouble;  // why nothing is written at present; empty: it is
  std::string failure;  // the last failure, until the disk has worked for as long as it was last waited for
  std::optional<wall_time> next_try;  // while there is trouble
  earlier_lives earlier = earlier_lives::none;
  ledger book;  // on the disk
  std::size_t bytes = 0;
  std::size_t segments = 0;
  std::uint64_t damaged = 0;    // places in the files of which this life has learnt
  std::string damage;           // in words: the last of them
  log::sequence oldest = 0;     // seq of the oldest record; 0: there is none
  std::uint64_t written = 0;    // records
  std::uint64_t unwritten = 0;  // records that were dropped, or of which it is not known
  std::uint64_t writes = 0;     // turns that wrote records
  std::uint64_t syncs = 0;
  std::uint64_t failures = 0;
  log::sequence settled =
      0;  // seq of the last record that is written, and synced where the policy is `always`, or dropped
  std::uint64_t subscribers_tried = 0;  // ticket of the last change of subscribers that has come
  std::uint64_t subscribers_kept = 0;   // of the last one that is written, and synced where the policy is `always`
};

class keeper {
 public:
  // `start`: the present moment.
  keeper(options config, file_system& files, moment start);

  [[nodiscard]] journal::store& store() { return store_; }
  [[nodiscard]] const options& config() const { return config_; }

  void turn(work& what, moment at);
  // What earlier lives have left was not taken up. It is kept for a later one, and nothing is written beside it.
  void leave_for_later() { state_.earlier = earlier_lives::unseen; }
  // Does a part of what is asked for, which is moved to where the next part begins; null: that is still to come.
  [[nodiscard]] std::unique_ptr<log::history_chunk> read(read_request& what);
  // Syncs what is not, unless the policy is never to.
  void finish(moment at);
  // When turn() wants to be called again though there is nothing to do.
  [[nodiscard]] std::chrono::steady_clock::time_point next() const;

  [[nodiscard]] const keeper_state& state() const { return state_; }
  // All records, oldest first.
  void replay(const std::function<void(const stored_record&)>& sink);

 private:
  [[nodiscard]] fault work_off(work& what, moment at, bool is_try);
  [[nodiscard]] fault open(moment at);
  [[nodiscard]] fault keep_remains();
  [[nodiscard]] fault write_book();
  [[nodiscard]] fault write_records(work& what, moment at);
  [[nodiscard]] fault sync();
  [[nodiscard]] bool has_subscribers() const;
  void plan_sync(moment at);
  void fail(std::string why, moment at);
  void work_again(moment at);
  void tell_damages();

  const options config_;
  journal::store store_;
  keeper_state state_;
  std::optional<ledger> book_;  // is still to be written
  std::optional<std::chrono::steady_clock::time_point> sync_at_;
  std::optional<std::chrono::steady_clock::time_point> retry_at_;
  std::chrono::steady_clock::time_point prune_at_;
  std::chrono::milliseconds delay_{0};                               // the last one; 0: nothing has failed lately
  std::optional<std::chrono::steady_clock::time_point> well_since_;  // though there was a failure lately
};

}  // namespace roombridge::journal
