// SPDX-License-Identifier: MIT
#include "daemon/journal/ledger.hpp"

#include <algorithm>
#include <string_view>

#include <roombridge/proto/frame.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"

namespace roombridge::journal {
namespace {

constexpr std::string_view magic = "RBLEDGER";
constexpr std::uint32_t version = 1;

constexpr std::size_t version_at = 8;
constexpr std::size_t generation_at = 16;
constexpr std::size_t epoch_at = 24;
constexpr std::size_t next_at = 32;
constexpr std::size_t owner_at = 40;
constexpr std::size_t checksum_at = 76;

std::optional<ledger_reading> decode(std::span<const std::byte> slot) {
  if (!std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(slot.data()))) return std::nullopt;
  if (get<std::uint32_t>(slot, version_at) != version) return std::nullopt;
  if (get<std::uint32_t>(slot, checksum_at) != checksum(slot.first(checksum_at))) return std::nullopt;
  ledger_reading out;
  out.generation = get<std::uint64_t>(slot, generation_at);
  out.value.epoch = get<std::uint64_t>(slot, epoch_at);
  out.value.next = get<std::uint64_t>(slot, next_at);
  const auto owner = slot.subspan(owner_at, out.value.owner.size());
  std::copy(owner.begin(), owner.end(), out.value.owner.begin());
  if (out.value.next == 0 || out.value.next > proto::max_integer) return std::nullopt;
  return out;
}

}  // namespace

std::array<std::byte, ledger_slot_size> encode(const ledger& value, std::uint64_t generation) {
  std::array<std::byte, ledger_slot_size> out{};
  std::copy(magic.begin(), magic.end(), reinterpret_cast<char*>(out.data()));
  set<std::uint32_t>(out, version_at, version);
  set<std::uint64_t>(out, generation_at, generation);
  set<std::uint64_t>(out, epoch_at, value.epoch);
  set<std::uint64_t>(out, next_at, value.next);
  std::copy(value.owner.begin(), value.owner.end(), out.begin() + owner_at);
  set<std::uint32_t>(out, checksum_at, checksum(std::span{out}.first(checksum_at)));
  return out;
}

std::optional<ledger_reading> read_ledger(std::span<const std::byte> file) {
  std::optional<ledger_reading> best;
  for (std::size_t at = 0; at + ledger_slot_size <= file.size(); at += ledger_slot_distance) {
    const auto found = decode(file.subspan(at, ledger_slot_size));
    if (found && (!best || found->generation > best->generation)) best = found;
  }
  return best;
}

}  // namespace roombridge::journal
