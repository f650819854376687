// SPDX-License-Identifier: MIT
// A file of named subscribers that somebody else has written: what is read of it is possible, and written again reads
// the same.
//
// Input: one byte that says whether checksums are mended, so that what they protect is tried, too; then the copies of
// the first places, one behind the other.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/json_text.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"
#include "daemon/journal/subscriber_slot.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace {

using namespace roombridge;
using namespace roombridge::journal;

constexpr std::size_t places = 4;
constexpr std::size_t checksum_at = subscriber_slot_size - sizeof(std::uint32_t);

// Each copy where it belongs; the last one may be cut.
std::vector<std::byte> laid_out(std::span<const std::byte> copies, bool mended) {
  std::vector<std::byte> file;
  for (std::size_t number = 0; number < places * subscriber_copies && !copies.empty(); ++number) {
    const auto copy = copies.first(std::min(copies.size(), subscriber_slot_size));
    copies = copies.subspan(copy.size());
    const std::size_t at = subscriber_copy_at(number / subscriber_copies, number % subscriber_copies);
    file.resize(at + copy.size());
    std::copy(copy.begin(), copy.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
    if (!mended || copy.size() < subscriber_slot_size) continue;
    const auto there = std::span{file}.subspan(at);
    set<std::uint32_t>(there, checksum_at, checksum(there.first(checksum_at)));
  }
  return file;
}

void check(const subscriber_record& value) {
  fuzz::require(proto::is_valid_subscriber_name(value.name) && proto::is_utf8(value.name), "no such name is possible");
  fuzz::require(value.seq <= proto::max_integer, "no such number is possible");
  fuzz::require(value.seen >= 0, "no such time is possible");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto file = laid_out(std::as_bytes(std::span{data, size}).subspan(1), (data[0] & 1) != 0);
  for (std::size_t slot = 0; slot < places; ++slot) {
    const auto found = read_subscriber(file, slot);
    if (!found) continue;
    if (found->value) check(*found->value);
    const auto again = encode(found->value, found->generation);
    const auto reread = read_subscriber(again, 0);
    fuzz::require(reread && reread->value == found->value && reread->generation == found->generation,
                  "written again it reads otherwise");
  }
  return 0;
}
