// SPDX-License-Identifier: MIT
// What the journal's directory has of one named subscriber. Pure.
//
// The file `subscribers` has a place for each, and in it three copies: that of them is written, in place, which is
// neither the newest nor the newest that is known to be on the disk. A copy is
//
//   0  8 bytes   "RBSUBSCR"
//   8  u32       version, 1
//  12  u32       user
//  16  u64       generation; of the sound copies that of the greatest one counts
//  24  u64       epoch
//  32  u64       seq
//  40  u64       seen
//  48  u32       size of the name; 0: nobody has this place
//  52  u32       0
//  56  64 bytes  name, and zeros behind it
// 120  u32       0
// 124  u32       CRC-32 of the 124 bytes before it
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "daemon/log/sequence.hpp"

namespace roombridge::journal {

struct subscriber_record {
  std::uint32_t user = 0;
  std::string name;  // valid as the protocol has it
  std::uint64_t epoch = 0;
  log::sequence seq = 0;
  std::int64_t seen = 0;  // µs since the Unix epoch, when a connection last had it; 0: one has
  bool operator==(const subscriber_record&) const = default;
};

inline constexpr std::size_t subscriber_slots = 1024;
inline constexpr std::size_t subscriber_slot_size = 128;
inline constexpr std::size_t subscriber_copies = 3;
inline constexpr std::size_t subscriber_copy_distance = 4096;  // no sector has two

// Where a copy lies.
[[nodiscard]] constexpr std::size_t subscriber_copy_at(std::size_t slot, std::size_t copy) {
  return (slot * subscriber_copies + copy) * subscriber_copy_distance;
}
inline constexpr std::size_t subscriber_file_size = subscriber_copy_at(subscriber_slots, 0);

// Nothing: nobody has the place.
[[nodiscard]] std::array<std::byte, subscriber_slot_size> encode(const std::optional<subscriber_record>& value,
                                                                 std::uint64_t generation);

struct subscriber_reading {
  std::optional<subscriber_record> value;
  std::uint64_t generation = 0;
  std::size_t copy = 0;
};
// Of a place; nothing: no copy is sound. `file`: the whole file, or its front.
[[nodiscard]] std::optional<subscriber_reading> read_subscriber(std::span<const std::byte> file, std::size_t slot);

}  // namespace roombridge::journal
