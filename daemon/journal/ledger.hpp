// SPDX-License-Identifier: MIT
// What a life of the daemon must know of the lives before it, even when their events are gone: the epoch, whose it is,
// which numbers have been given out, and after a crash with which session upstream it was. Pure.
//
// The file has two slots that are written in turn, in place: a torn write leaves the other one, and a full disk takes
// the next one all the same. A slot is
//
//   0  8 bytes   "RBLEDGER"
//   8  u32       version, 2
//  12  u32       flags; 1: ledger::clean
//  16  u64       generation; of two sound slots that of the greater one counts
//  24  u64       epoch
//  32  u64       next
//  40  32 bytes  owner
//  72  u64       secret, from which the marks of records follow (segment_format.hpp)
//  80  u64       ledger::session_from
//  88  u32       size of the session
//  92  u32       CRC-32 of the 92 bytes before it and of the session
//  96  …         session
//
// Version 1 ends with the owner, and has its checksum at 76.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/log/sequence.hpp"

namespace roombridge::journal {

// Identifies a user of an upstream server; zeros: nobody has logged in yet.
using owner_digest = std::array<std::byte, 32>;

struct ledger {
  std::uint64_t epoch = 0;
  log::sequence next = 1;  // no number from this one on has been given out
  owner_digest owner{};    // whose events those of this epoch are
  bool clean = false;      // the life that has written it has ended well
  // With which session upstream that life was, in words of those who keep it; empty: none can be asked for. Its offsets
  // are in records from this number on.
  std::string session{};
  log::sequence session_from = 0;
  bool operator==(const ledger&) const = default;
};

inline constexpr std::size_t ledger_slot_size = 96;  // without a session
inline constexpr std::size_t ledger_slots = 2;
inline constexpr std::size_t ledger_slot_distance = 4096;  // no sector has two
inline constexpr std::size_t ledger_file_size = ledger_slot_distance * ledger_slots;
inline constexpr std::size_t max_session = ledger_slot_distance - ledger_slot_size;  // bytes

// Precondition: the session is no longer than max_session.
[[nodiscard]] std::vector<std::byte> encode(const ledger& value, std::uint64_t generation, std::uint64_t secret);

struct ledger_reading {
  ledger value;
  std::uint64_t generation = 0;
  std::uint64_t secret = 0;  // 0: there is none yet
};
// Nothing: neither slot is sound.
[[nodiscard]] std::optional<ledger_reading> read_ledger(std::span<const std::byte> file);

// Where the slot of this generation lies.
[[nodiscard]] constexpr std::size_t ledger_slot(std::uint64_t generation) {
  return generation % ledger_slots * ledger_slot_distance;
}

}  // namespace roombridge::journal
