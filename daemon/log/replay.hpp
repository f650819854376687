// SPDX-License-Identifier: MIT
// What a parked cursor (cursor.hpp) sends out of a history until the log in memory has what follows; then the cursor
// goes on there. Knows no sockets, and waits for nothing.
//
// Invariants: every record is sent, or does not match by the subscriptions and the visibility of that moment, or is in
// a hole that is told in its place: none is left out, none comes twice. Nothing is sent that is not to be shown yet,
// nor anything of an epoch that is over. At most one chunk is held or asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "daemon/log/cursor.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/log/history.hpp"

namespace roombridge::log {

class replay {
 public:
  // Records that are not to be had. Nobody knows what they were.
  struct hole {
    sequence first = 0;
    sequence last = 0;
    bool erased = false;                 // for age, for room or with their epoch; otherwise they have never got there
    bool new_epoch = false;              // the record that tells of the present epoch was among them
    std::optional<loss::times> times{};  // of the records around it, if they are known and it was not erased
  };

  // `who` is parked. Its owner hears on_pending() when there is more to do, and on_loss() when it was slower than
  // records are erased. All outlive this. Precondition: log.past().
  replay(event_log& log, cursor& who, cursor_owner& owner);
  ~replay();
  replay(const replay&) = delete;
  replay& operator=(const replay&) = delete;

  // Does what can be done before something is sent: finds a hole, asks for a chunk of at most about `chunk_bytes`, or
  // lets the cursor go on, which is then not parked any more. Nothing goes beyond the record `until`. With no
  // `chunk_bytes` at all it waits for room where it would have asked.
  void advance(std::size_t chunk_bytes, sequence until);
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }
  void on_room();

  // What is to be told next; in that case there is nothing to collect.
  [[nodiscard]] const std::optional<hole>& missing() const { return hole_; }
  void told_hole();

  // Frames to send next: `out`, which is empty, gets `max_bytes` or more, or what is at hand, or what can be found with
  // the work that is `allowed`.
  void collect(batch& out, std::size_t max_bytes, work& allowed, sequence until);
  // The first `size` bytes of `out`, the result of the last collect(), have been sent, and nothing has changed since.
  // The rest of the frame that is partly sent, to be used at once: it counts as sent.
  [[nodiscard]] std::span<const std::byte> sent(batch& out, std::size_t size);

  // Whether advance() or collect() has something to do; otherwise the owner hears of it.
  [[nodiscard]] bool ready() const;

  // Bytes of the chunk that is held or asked for.
  [[nodiscard]] std::size_t held() const { return chunk_ ? chunk_->held() : asked_; }

 private:
  [[nodiscard]] bool has_records() const { return chunk_ && next_ < chunk_->records.size(); }
  [[nodiscard]] const record& next() const { return chunk_->records[next_]; }
  [[nodiscard]] bool in_memory(bool at_end) const;
  void follow_epoch();
  void find_hole(sequence last, sequence until);
  void set_hole(sequence last, sequence until, bool erased);
  void ask(std::size_t chunk_bytes);
  void on_chunk(std::shared_ptr<const history_chunk> chunk);

  event_log& log_;
  cursor& who_;
  cursor_owner& owner_;
  std::shared_ptr<replay*> self_;  // null for answers that come too late
  std::uint64_t epoch_;
  history_place place_;
  std::shared_ptr<const history_chunk> chunk_;
  std::size_t next_ = 0;   // of its records
  std::size_t asked_ = 0;  // bytes; 0: no answer is awaited
  sequence asked_at_ = 0;  // the log's newest record by then
  std::optional<hole> hole_;
  bool waits_for_room_ = false;
};

}  // namespace roombridge::log
