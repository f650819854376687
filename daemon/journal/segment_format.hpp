// SPDX-License-Identifier: MIT
// The bytes of a segment file: a header, and behind it records of the log in the order of their sequence numbers. Pure.
//
// All integers are little-endian. The header is
//
//   0  8 bytes  "RBSEGMNT"
//   8  u32      version, 1
//  12  u32      0
//  16  u64      epoch
//  24  u64      no record of the file has a smaller seq
//  32  u64      when it was begun, in milliseconds since the Unix epoch
//  40  u32      0
//  44  u32      CRC-32 of the 44 bytes before it
//
// and a record
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
//   4  u16 …    sizes of the fields; then the texts of key and fields, and what a later version may put behind them
//
// What is read is hostile: a reader ends at the first byte that no writer has written, and says where that is.
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
  bool operator==(const segment_header&) const = default;
};
inline constexpr std::size_t segment_header_size = 48;

[[nodiscard]] std::array<std::byte, segment_header_size> encode(const segment_header& header);
// Nothing: it is none, or of a version that is not known.
[[nodiscard]] std::optional<segment_header> decode_segment_header(std::span<const std::byte> file);

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
};

// No record is larger, its prefix of size and checksum included.
inline constexpr std::size_t record_prefix = 8;
inline constexpr std::size_t max_record = (1u << 20) + (64u << 10);

// Appends a record to `out`, all but its checksum. `retain_key` has at most log::max_retain_key bytes.
void append_record(std::vector<std::byte>& out, const log::record& what, std::string_view retain_key);
// The size of the record at the front of what append_record() made, its prefix included.
[[nodiscard]] std::size_t record_size(std::span<const std::byte> records);
[[nodiscard]] log::sequence record_seq(std::span<const std::byte> records);
// Writes the checksum of one whole record.
void seal_record(std::span<std::byte> record);

class segment_reader {
 public:
  // `file`: the whole file; it outlives the reader.
  explicit segment_reader(std::span<const std::byte> file);
  // Likewise of a part of the file that begins with a record.
  segment_reader(const segment_header& header, std::span<const std::byte> records) : file_(records), header_(header) {}

  [[nodiscard]] const std::optional<segment_header>& header() const { return header_; }
  // Nothing at the end, or where the file is not sound any more.
  [[nodiscard]] std::optional<stored_record> next();
  // So many bytes at the file's front are the header and the records that next() has returned.
  [[nodiscard]] std::size_t sound() const { return sound_; }
  // The seq of the last record that next() has returned; 0: none yet.
  [[nodiscard]] log::sequence last() const { return last_; }

 private:
  [[nodiscard]] std::optional<stored_record> parse(std::span<const std::byte> body);
  [[nodiscard]] bool parse_extra(std::span<const std::byte> extra, stored_record& out);

  std::span<const std::byte> file_;
  std::optional<segment_header> header_;
  std::size_t sound_ = 0;
  log::sequence last_ = 0;
  std::array<std::string_view, log::max_topics> topics_;
  std::array<std::string_view, log::max_fields> fields_;
};

}  // namespace roombridge::journal
