// SPDX-License-Identifier: MIT
// A segment file that somebody else has written: what the reader takes for records can be restored into a log and read
// from it, and written again gives the bytes that were read; read in two parts, cut anywhere,
// nothing of the file is left out; a ledger that is sound is written again as it was.
//
// Input: one byte that says whether checksums are mended, so that what they protect is tried, too; then the file.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/ledger.hpp"
#include "daemon/journal/little_endian.hpp"
#include "daemon/journal/segment_format.hpp"
#include "daemon/log/event_log.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge;
using namespace roombridge::journal;

constexpr std::uint64_t mark = 0x4b52414d;  // "MARK" and zeros, for a fuzzer to find

// Records what a log appends, as the journal does.
class recorder final : public log::log_observer {
 public:
  std::vector<std::byte> out;

 private:
  void on_append(const log::record& what, std::string_view retain_key) override {
    append_record(out, what, retain_key);
  }
};

void mend(std::vector<std::byte>& file) {
  if (file.size() < segment_header_size) return;
  set<std::uint32_t>(file, 44, checksum(std::span{file}.first(44)));
  for (std::size_t at = segment_header_size; file.size() - at >= mark_size + 24;) {
    const std::size_t size = record_size(std::span{file}.subspan(at));
    if (size < mark_size + 24 || size > file.size() - at) return;
    seal_record(std::span{file}.subspan(at, size), mark);
    at += size;
  }
}

// The first part ends at `cut`.
void try_parts(const std::vector<std::byte>& file, std::size_t cut) {
  if (file.size() < segment_header_size) return;
  const auto records = std::span{file}.subspan(segment_header_size);
  cut %= records.size() + 1;
  segment_reader first{records.first(cut), mark, records.size() - cut};
  while (first.next()) {
  }
  // Behind the part too little may be left for a record.
  const bool at_end = first.resume() == records.size() && records.size() - cut < mark_size + 24;
  fuzz::require(first.resume() <= cut || at_end, "bytes are left out");
  fuzz::require(first.resume() > 0 || first.wanted() > cut || records.empty(), "reading does not go on");
  fuzz::require(first.wanted() <= records.size() - first.resume(), "more is wanted than there is");
  segment_reader second{records.subspan(first.resume()), mark, 0};
  while (second.next()) {
  }
  fuzz::require(second.resume() == records.size() - first.resume(), "reading ends before the end");
}

void try_segment(const std::vector<std::byte>& file) {
  log::event_log events{2u << 20, 7};
  segment_reader reader{file, mark};
  recorder kept;
  log::sequence last = 0;
  while (const auto record = reader.next()) {
    fuzz::require(record->seq > last, "a record's number does not grow");
    last = record->seq;
    if (kept.out.empty()) events.go_on_from(record->seq);
    events.observe(kept);
    kept.out.clear();
    events.restore({.seq = record->seq,
                    .kind = record->kind,
                    .unexpected = record->unexpected,
                    .name = record->name,
                    .topics = record->topics,
                    .fields = record->fields,
                    .frame = record->frame,
                    .retain_key = record->retain_key});
    fuzz::require(events.newest() == record->seq, "a record was not restored");
  }
  fuzz::require(reader.sound() <= file.size(), "more is sound than there is");
}

void try_ledger(const std::vector<std::byte>& file) {
  const auto found = read_ledger(file);
  if (!found) return;
  if (found->secret == 0) return;  // perhaps of the first version
  const auto slot = encode(found->value, found->generation, found->secret);
  bool there = false;
  for (std::size_t at = 0; at + slot.size() <= file.size(); at += ledger_slot_distance) {
    there = there || std::equal(slot.begin(), slot.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // Only the bytes that mean nothing may differ.
  fuzz::require(there || get<std::uint32_t>(file, 12) != 0 || file.size() > ledger_slot_distance,
                "a ledger reads as another one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(1);
  std::vector<std::byte> file{bytes.begin(), bytes.end()};
  if ((data[0] & 1) != 0) mend(file);
  try_segment(file);
  try_parts(file, std::to_integer<std::size_t>(file.empty() ? std::byte{} : file.back()) * 7);
  try_ledger(file);
  return 0;
}
