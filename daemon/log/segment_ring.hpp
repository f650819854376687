// SPDX-License-Identifier: MIT
// The log's storage: a ring of fixed segments in one anonymous mapping. Pure but for mmap.
//
// A segment holds whole frames from its front, contiguous and in order of their sequence numbers, and from its back,
// growing downwards, one *index entry* per frame: its length and the names by which filters decide (record). A segment
// is full when the two would meet, so frames and index together never take more than the mapping. Bytes are never
// moved; a segment's memory is touched as it fills and used again for a later one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/log/packed_texts.hpp"
#include "daemon/log/sequence.hpp"

namespace roombridge::log {

// Topics of one event; the rest is ignored, in its frame as well.
inline constexpr std::size_t max_topics = 64;

// Fields of one event by which filters decide; the rest is ignored.
inline constexpr std::size_t max_fields = 16;

enum class record_kind : std::uint8_t {
  event,         // an EVENT frame
  oversize,      // a GAP frame in the place of an event whose frame would have been too large; matched as the event
  upstream_gap,  // a GAP frame for every subscriber
  new_epoch,     // a GAP frame for every subscriber: the log began anew
  hole           // a GAP frame for every subscriber: numbers whose records are not known; the last one is its own
};

// Whether such a record is of interest whatever one has subscribed to.
[[nodiscard]] constexpr bool is_for_everyone(record_kind kind) {
  return kind == record_kind::upstream_gap || kind == record_kind::new_epoch || kind == record_kind::hole;
}

// What an index entry is made of.
struct index_entry {
  record_kind kind = record_kind::event;
  matched_text name;                       // of an upstream_gap its times, of a hole its first number
  std::span<const matched_text> topics{};  // at most max_topics
  std::span<const matched_text> fields{};  // at most max_fields; each "name=value"
  bool unexpected = false;
  std::int64_t received = 0;
};

// One entry of the log. The views live until its segment is reused.
struct record {
  sequence seq = 0;
  record_kind kind = record_kind::event;
  std::span<const std::byte> frame;  // header, head and payload, as they go out
  std::string_view name;    // at most max_matched_text bytes; of an upstream_gap its times, of a hole its first number
  packed_texts topics;      // each at most max_matched_text bytes
  packed_texts fields;      // likewise; "name=value"
  bool unexpected = false;  // its topics grant nobody the right to see it
  bool superseded = false;  // there is a newer event of its retain_key
  std::int64_t received = 0;     // nanoseconds of the steady clock; 0: in an earlier life, or not from the server
  std::uint32_t name_hash = 0;   // of matched_text
  std::uint32_t entry_size = 0;  // of the index entry

  [[nodiscard]] matched_text matched_name() const { return {name, name_hash}; }
};

// Where a record lies. `segment` counts segments since the start; it never wraps.
struct position {
  std::uint64_t segment = 0;
  std::uint32_t frame = 0;  // bytes of frames before it in the segment
  std::uint32_t entry = 0;  // bytes of index entries before it
  sequence seq = 1;
};

class segment_ring {
 public:
  // Reserves `segments` (at least 2) of `segment_bytes` each; throws std::system_error.
  segment_ring(std::size_t segment_bytes, std::size_t segments);
  ~segment_ring();
  segment_ring(const segment_ring&) = delete;
  segment_ring& operator=(const segment_ring&) = delete;

  // Bytes that it takes.
  [[nodiscard]] static std::size_t entry_size(const index_entry& entry);

  // Whether the open segment has room for both.
  [[nodiscard]] bool fits(std::size_t frame_size, std::size_t entry_size) const;

  // The segment that advance() will take away; nothing while there is an unused one.
  [[nodiscard]] std::optional<std::uint64_t> expiring() const;

  // Closes the open segment and opens the next, reusing the oldest when all are in use.
  void advance();

  // Gives up everything, and erases it. Sequence numbers go on.
  void clear();

  // The next record has this number, not below head().seq; it begins a segment when there are records before it.
  // What advance() takes away is taken away.
  void skip_to(sequence seq);

  // Room for a frame at the end of the open segment, to be filled before anything reads it, and its entry.
  // Precondition: fits().
  std::span<std::byte> append(std::size_t frame_size, const index_entry& entry);

  // Where the next record will lie if the open segment has room for it.
  [[nodiscard]] position head() const;

  // Where the record `seq` lies, or the first one behind it where that number was skipped. Precondition:
  // first() <= seq < head().seq.
  [[nodiscard]] position find(sequence seq) const;

  // The record at `where`, which is moved to the next segment's start if it stands at a closed segment's end.
  // Precondition: first() <= where.seq < head().seq.
  [[nodiscard]] record read(position& where) const;

  // Marks the record at `where`, which head() said before it was appended. Precondition: first() <= where.seq <
  // head().seq.
  void supersede(const position& where);

  // Behind the last record of the segment `number`.
  [[nodiscard]] position behind(std::uint64_t number) const;

  // Moves `where` behind `what`, which read() returned for it.
  static void step(position& where, const record& what);

  [[nodiscard]] sequence first() const;                       // oldest kept; head().seq when empty
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of frames kept
  [[nodiscard]] std::size_t segment_bytes() const { return segment_bytes_; }
  [[nodiscard]] std::size_t capacity() const { return segment_bytes_ * segments_.size(); }  // of the mapping

 private:
  struct segment {
    sequence first = 1;
    std::uint32_t frames = 0;   // bytes used at the front
    std::uint32_t entries = 0;  // bytes used at the back
    bool written = false;       // since the last clear(), this time or an earlier one
  };

  void begin_segment();
  [[nodiscard]] std::byte* base_of(std::uint64_t number) const;
  [[nodiscard]] const segment& at(std::uint64_t number) const { return segments_[number % segments_.size()]; }

  std::size_t segment_bytes_;
  std::vector<segment> segments_;
  std::byte* area_ = nullptr;
  std::uint64_t oldest_ = 0;
  std::uint64_t open_ = 0;
  sequence next_ = 1;
  std::size_t bytes_ = 0;
};

}  // namespace roombridge::log
