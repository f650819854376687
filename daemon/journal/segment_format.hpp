// SPDX-License-Identifier: MIT
// The bytes of a segment file: a header, and behind it records of the log in the order of their sequence numbers. Pure.
//
// All integers are little-endian. The header is
//
//   0  8 bytes  "RBSEGMNT"
//   8  u32      version, 2
//  12  u32      0
//  16  u64      epoch
//  24  u64      no record of the file has a smaller seq
//  32  u64      when it was begun, in milliseconds since the Unix epoch
//  40  u32      0
//  44  u32      CRC-32 of the 44 bytes before it
//
// and a record is the mark of its epoch, u64, and behind it
//
//   0  u32      size of what follows the checksum
//   4  u32      CRC-32 of the size and of what follows the checksum
//   8  u64      seq; greater than the last one's. Numbers between the two are a hole: records that were not written
//  16  u8       log::record_kind
//  17  u8       number of topics
//  18  u16      size of the name
//  20  u16      size of the extra between topics and frame
//  22  u16      flags; 1: log::record::unexpected
//  24  u16 …    sizes of the topics; then the texts of name and topics, the extra, and to the record's end the frame as
//               it goes out
//
// and the extra, which is empty, or
//
//   0  u16      size of the key under which the event is retained; 0: it is not
//   2  u16      number of fields
//   4  u16 …    sizes of the fields; then the texts of key and fields; then, if there is one, the size of the offset,
//               u16, and the offset; and what a later version may put behind it
//
// What is read is hostile: it is whatever a disk has made of it, and holds texts that a server or a local program has
// chosen. A reader passes over what no writer has written, says where that is, and goes on at the next mark that begins
// a whole record with a greater number. Marks follow from a secret of the ledger, which nobody learns: so no text is
// taken for a record. Version 1 has no marks: there a reader ends at the first byte that no writer has written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/log/event_log.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::journal {

struct segment_header {
  std::uint64_t epoch = 0;
  log::sequence first = 0;
  std::int64_t begun = 0;  // ms since the Unix epoch
  std::uint32_t version = 2;
  bool operator==(const segment_header&) const = default;
};
inline constexpr std::size_t segment_header_size = 48;
inline constexpr std::uint32_t first_segment_version = 1;

[[nodiscard]] std::array<std::byte, segment_header_size> encode(const segment_header& header);
// Nothing: it is none, or of a version that is not known.
[[nodiscard]] std::optional<segment_header> decode_segment_header(std::span<const std::byte> file);

// That of the records of an epoch; not 0.
[[nodiscard]] std::uint64_t record_mark(std::uint64_t secret, std::uint64_t epoch);

// A record out of a file; the views live as long as the file's bytes.
struct stored_record {
  log::sequence seq = 0;
  log::record_kind kind = log::record_kind::event;
  bool unexpected = false;
  std::string_view name;
  std::span<const std::string_view> topics;  // lives until the reader's next call
  std::span<const std::string_view> fields;  // likewise
  std::span<const std::byte> frame;
  std::string_view retain_key;
  std::string_view offset;  // of the server's, by which it can be asked for what comes behind; empty: not known
};

// No record is larger, its mark and its prefix of size and checksum included.
inline constexpr std::size_t mark_size = 8;
inline constexpr std::size_t record_prefix = 8;
inline constexpr std::size_t max_record = (1u << 20) + (64u << 10);

// Appends a record to `out`, all but its mark and its checksum. `retain_key` has at most log::max_retain_key bytes,
// and `offset` max_offset.
inline constexpr std::size_t max_offset = 256;
void append_record(std::vector<std::byte>& out, const log::record& what, std::string_view retain_key,
                   std::string_view offset = {});
// The size of the record at the front of what append_record() made, all included.
[[nodiscard]] std::size_t record_size(std::span<const std::byte> records);
[[nodiscard]] log::sequence record_seq(std::span<const std::byte> records);
// Writes mark and checksum of one whole record.
void seal_record(std::span<std::byte> record, std::uint64_t mark);

class segment_reader {
 public:
  // `file`: the whole file; it outlives the reader. Where the header is damaged, its records are still found by `mark`.
  segment_reader(std::span<const std::byte> file, std::uint64_t mark);
  // Likewise of a part of a file, behind its header, of which `behind` more bytes follow. `mark`: 0: of version 1.
  segment_reader(std::span<const std::byte> part, std::uint64_t mark, std::size_t behind)
      : file_(part), mark_(mark), behind_(behind) {}

  [[nodiscard]] const std::optional<segment_header>& header() const { return header_; }
  // Nothing at the end, or where the next one goes on behind the part.
  [[nodiscard]] std::optional<stored_record> next();
  // Whether what lies before the record that next() has returned, down to the one before it, is damaged.
  [[nodiscard]] bool passed_damage() const { return passed_damage_; }
  // Where the last record that next() has returned ends; 0: there is none.
  [[nodiscard]] std::size_t sound() const { return sound_; }
  // When next() has returned nothing: where to read on.
  [[nodiscard]] std::size_t resume() const { return at_; }
  // So many bytes from there on it takes to tell more; 0: as many as there are.
  [[nodiscard]] std::size_t wanted() const { return wanted_; }
  // The seq of the last record that next() has returned; 0: none yet.
  [[nodiscard]] log::sequence last() const { return last_; }

 private:
  enum class finding : std::uint8_t { whole, cut, none };
  [[nodiscard]] finding look(std::optional<stored_record>& out);
  [[nodiscard]] bool find_mark();
  [[nodiscard]] std::optional<stored_record> parse(std::span<const std::byte> whole);
  [[nodiscard]] bool parse_extra(std::span<const std::byte> extra, stored_record& out);

  std::span<const std::byte> file_;
  std::optional<segment_header> header_;
  std::uint64_t mark_;
  std::size_t behind_ = 0;
  std::size_t at_ = 0;
  std::size_t wanted_ = 0;
  std::size_t sound_ = 0;
  bool passed_damage_ = false;
  log::sequence last_ = 0;
  std::array<std::string_view, log::max_topics> topics_;
  std::array<std::string_view, log::max_fields> fields_;
};

}  // namespace roombridge::journal
