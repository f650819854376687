// SPDX-License-Identifier: MIT
// A segment file that somebody else has written: what the reader takes for records can be restored into a log and read
// from it, and written again gives the bytes that were read; a ledger that is sound is written again as it was.
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
  for (std::size_t at = segment_header_size; file.size() - at >= 24;) {
    const std::size_t size = record_size(std::span{file}.subspan(at));
    if (size < 24 || size > file.size() - at) return;
    seal_record(std::span{file}.subspan(at, size));
    at += size;
  }
}

void try_segment(const std::vector<std::byte>& file) {
  log::event_log events{2u << 20, 7};
  segment_reader reader{file};
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
  const auto slot = encode(found->value, found->generation);
  bool there = false;
  for (std::size_t at = 0; at + slot.size() <= file.size(); at += ledger_slot_distance) {
    there = there || std::equal(slot.begin(), slot.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // Only the bytes that mean nothing may differ.
  fuzz::require(there || get<std::uint32_t>(file, 12) != 0 || get<std::uint32_t>(file, 72) != 0 ||
                    file.size() > ledger_slot_distance,
                "a ledger reads as another one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(1);
  std::vector<std::byte> file{bytes.begin(), bytes.end()};
  if ((data[0] & 1) != 0) mend(file);
  try_segment(file);
  try_ledger(file);
  return 0;
}
