// SPDX-License-Identifier: MIT
// The one log: a ring of fixed segments that holds each event once, as the exact bytes that go to subscribers. It knows
// no sockets.
//
// Invariants: sequence numbers are consecutive, but for holes that a record at their end tells of; what is in the log
// is `first()..newest()`; a segment is reused whole, oldest first, and before that every cursor standing in it is moved
// out and its loss counted (cursor.hpp). Bytes are never moved; in steady state nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "daemon/log/retained_events.hpp"
#include "daemon/log/segment_ring.hpp"
#include "daemon/log/sequence.hpp"

namespace roombridge::log {

// A longer key retains nothing.
inline constexpr std::size_t max_retain_key = 4096;

// An event as the events layer understood it. All views live for the call.
struct event {
  std::int64_t time = 0;                       // µs since the Unix epoch, of receipt
  std::int64_t received = 0;                   // the same in nanoseconds of the steady clock; 0: not known
  std::string_view name{};                     // UTF-8, at most 256 bytes
  std::span<const std::string_view> topics{};  // UTF-8, no repeats; those behind the first 64 are left out
  std::span<const std::string_view> fields{};  // "name=value", by which filters decide; at most max_fields
  bool unexpected = false;
  std::string_view arguments{};  // JSON text between the brackets of the arguments' array, not including them
  std::span<const std::span<const std::byte>> attachments{};  // at most 16
  std::string_view retain_key{};  // empty, or longer than max_retain_key: it is not retained
};

class cursor_registry;
class history;

// Whoever wants to see every record that is appended.
class log_observer {
 public:
  // `retain_key`: under which it is retained; empty: it is not. The views live for the call, which must not change the
  // log.
  virtual void on_append(const record& what, std::string_view retain_key) = 0;

 protected:
  ~log_observer() = default;
};

// A record of an earlier life of the daemon.
struct kept_record {
  sequence seq = 0;
  record_kind kind{};
  bool unexpected = false;
  std::string_view name{};
  std::span<const std::string_view> topics{};
  std::span<const std::string_view> fields{};
  std::span<const std::byte> frame{};
  std::string_view retain_key{};
};

// How a log is laid out. Only tests choose; the daemon takes for_capacity().
struct geometry {
  std::size_t segment_bytes = 0;  // a multiple of 4; room for header, max_body and the index entry of any one event
  std::size_t segments = 0;       // at least 2
  std::uint32_t max_body = 0;     // of a frame; larger events become GAP `oversize`

  [[nodiscard]] static geometry for_capacity(std::size_t capacity);
};

class event_log {
 public:
  // `capacity`: bytes of frames and their index kept, at least 2 MiB, rounded up to whole segments. Address space is
  // reserved at once, memory is touched as it fills. Throws std::system_error.
  event_log(std::size_t capacity, std::uint64_t epoch);
  event_log(const geometry& shape, std::uint64_t epoch);
  ~event_log();
  event_log(const event_log&) = delete;
  event_log& operator=(const event_log&) = delete;

  // Encodes and appends; returns its seq. An event whose frame would pass the body limit becomes a GAP `oversize`
  // record (PROTOCOL.md section 5).
  sequence append(const event& what);

  // A record for every subscriber: events may have been missed between these times (µs).
  sequence append_upstream_gap(std::int64_t from, std::int64_t until);

  // Begins anew for other eyes: nothing of what is in the log is given to anybody any more, and a record tells every
  // subscriber of the new epoch. Cursors that had something to send are told what they lose. Sequence numbers go on.
  sequence start_epoch(std::uint64_t epoch);

  // Before the first append(): takes in what an earlier life has left, oldest first, and goes on with the number
  // `next`. Numbers that are missing in between are a GAP `crash`. A record that is not newer than the last, or that
  // this log has no room for, is left out.
  void restore(const kept_record& what);
  // Before that, oldest first: takes from records that are too old for memory what outlives them: the newest event of
  // each key, and where the epoch begins.
  void recall(const kept_record& what);
  // `until`: µs since the Unix epoch, when this life began: the end of what those numbers may tell of, in the GAP; it
  // begins with the last record. 0: not known.
  void go_on_from(sequence next, std::int64_t until = 0);

  // Tells `observer`, which outlives the log, of every append from now on.
  void observe(log_observer& observer);

  // From now on `past`, which outlives the log's cursors, has what memory does not.
  void look_back_into(history& past);

  [[nodiscard]] std::uint64_t epoch() const;
  [[nodiscard]] sequence beginning() const;  // the epoch's first, still kept or not
  [[nodiscard]] sequence first() const;      // oldest kept in memory; newest() + 1 when empty
  [[nodiscard]] sequence oldest() const;  // oldest that can be had, in memory or not; newest() + 1 when there is none
  [[nodiscard]] history* past() const;    // null: there is none
  [[nodiscard]] sequence newest() const;  // 0: none yet
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t capacity() const;

  // The newest event of each retain_key; nothing until configured. An epoch begins with none.
  [[nodiscard]] retained_events& retained();
  [[nodiscard]] const retained_events& retained() const;

  // The cursors and filters over this log.
  [[nodiscard]] cursor_registry& cursors();

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::log
