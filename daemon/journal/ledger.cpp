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
constexpr std::uint32_t version = 2;

constexpr std::size_t version_at = 8;
constexpr std::size_t generation_at = 16;
constexpr std::size_t epoch_at = 24;
constexpr std::size_t next_at = 32;
constexpr std::size_t owner_at = 40;
constexpr std::size_t secret_at = 72;
constexpr std::size_t checksum_at = 84;

constexpr std::uint32_t first_version = 1;
constexpr std::size_t first_checksum_at = 76;
constexpr std::size_t first_slot_size = 80;

std::optional<ledger_reading> decode(std::span<const std::byte> slot) {
  if (!std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(slot.data()))) return std::nullopt;
  const auto written_as = get<std::uint32_t>(slot, version_at);
  if (written_as != version && written_as != first_version) return std::nullopt;
  if (written_as == version && slot.size() < ledger_slot_size) return std::nullopt;
  const std::size_t sum_at = written_as == version ? checksum_at : first_checksum_at;
  if (get<std::uint32_t>(slot, sum_at) != checksum(slot.first(sum_at))) return std::nullopt;
  ledger_reading out;
  if (written_as == version) out.secret = get<std::uint64_t>(slot, secret_at);
  out.generation = get<std::uint64_t>(slot, generation_at);
  out.value.epoch = get<std::uint64_t>(slot, epoch_at);
  out.value.next = get<std::uint64_t>(slot, next_at);
  const auto owner = slot.subspan(owner_at, out.value.owner.size());
  std::copy(owner.begin(), owner.end(), out.value.owner.begin());
  if (out.value.next == 0 || out.value.next > proto::max_integer) return std::nullopt;
  return out;
}

}  // namespace

std::array<std::byte, ledger_slot_size> encode(const ledger& value, std::uint64_t generation, std::uint64_t secret) {
  std::array<std::byte, ledger_slot_size> out{};
  std::copy(magic.begin(), magic.end(), reinterpret_cast<char*>(out.data()));
  set<std::uint32_t>(out, version_at, version);
  set<std::uint64_t>(out, generation_at, generation);
  set<std::uint64_t>(out, epoch_at, value.epoch);
  set<std::uint64_t>(out, next_at, value.next);
  std::copy(value.owner.begin(), value.owner.end(), out.begin() + owner_at);
  set<std::uint64_t>(out, secret_at, secret);
  set<std::uint32_t>(out, checksum_at, checksum(std::span{out}.first(checksum_at)));
  return out;
}

std::optional<ledger_reading> read_ledger(std::span<const std::byte> file) {
  std::optional<ledger_reading> best;
  for (std::size_t at = 0; at + first_slot_size <= file.size(); at += ledger_slot_distance) {
    const auto found = decode(file.subspan(at, std::min(ledger_slot_size, file.size() - at)));
    if (found && (!best || found->generation > best->generation)) best = found;
  }
  return best;
}

}  // namespace roombridge::journal
