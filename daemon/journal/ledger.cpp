// SPDX-License-Identifier: MIT
#include "daemon/journal/ledger.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

#include <roombridge/proto/frame.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"

namespace roombridge::journal {
namespace {

constexpr std::string_view magic = "RBLEDGER";
constexpr std::uint32_t version = 2;

constexpr std::size_t version_at = 8;
constexpr std::size_t flags_at = 12;
constexpr std::size_t generation_at = 16;
constexpr std::size_t epoch_at = 24;
constexpr std::size_t next_at = 32;
constexpr std::size_t owner_at = 40;
constexpr std::size_t secret_at = 72;
constexpr std::size_t session_from_at = 80;
constexpr std::size_t session_size_at = 88;
constexpr std::size_t checksum_at = 92;

constexpr std::uint32_t clean_flag = 1;

constexpr std::uint32_t first_version = 1;
constexpr std::size_t first_checksum_at = 76;
constexpr std::size_t first_slot_size = 80;

std::uint32_t slot_checksum(std::span<const std::byte> slot, std::size_t session) {
  return checksum(slot.subspan(ledger_slot_size, session), checksum(slot.first(checksum_at)));
}

bool is_sound(std::span<const std::byte> slot, std::uint32_t written_as) {
  if (written_as == first_version) {
    return get<std::uint32_t>(slot, first_checksum_at) == checksum(slot.first(first_checksum_at));
  }
  if (written_as != version || slot.size() < ledger_slot_size) return false;
  const std::size_t session = get<std::uint32_t>(slot, session_size_at);
  if (session > slot.size() - ledger_slot_size) return false;
  return get<std::uint32_t>(slot, checksum_at) == slot_checksum(slot, session);
}

std::optional<ledger_reading> decode(std::span<const std::byte> slot) {
  if (!std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(slot.data()))) return std::nullopt;
  const auto written_as = get<std::uint32_t>(slot, version_at);
  if (!is_sound(slot, written_as)) return std::nullopt;
  ledger_reading out;
  out.generation = get<std::uint64_t>(slot, generation_at);
  out.value.epoch = get<std::uint64_t>(slot, epoch_at);
  out.value.next = get<std::uint64_t>(slot, next_at);
  const auto owner = slot.subspan(owner_at, out.value.owner.size());
  std::copy(owner.begin(), owner.end(), out.value.owner.begin());
  out.value.clean = written_as == first_version || (get<std::uint32_t>(slot, flags_at) & clean_flag) != 0;
  if (written_as == version) {
    out.secret = get<std::uint64_t>(slot, secret_at);
    out.value.session_from = get<std::uint64_t>(slot, session_from_at);
    const auto session = slot.subspan(ledger_slot_size, get<std::uint32_t>(slot, session_size_at));
    out.value.session.assign(reinterpret_cast<const char*>(session.data()), session.size());
  }
  if (out.value.next == 0 || out.value.next > proto::max_integer) return std::nullopt;
  return out;
}

}  // namespace

std::vector<std::byte> encode(const ledger& value, std::uint64_t generation, std::uint64_t secret) {
  assert(value.session.size() <= max_session);
  std::vector<std::byte> out(ledger_slot_size + value.session.size());
  std::copy(magic.begin(), magic.end(), reinterpret_cast<char*>(out.data()));
  set<std::uint32_t>(out, version_at, version);
  set<std::uint32_t>(out, flags_at, value.clean ? clean_flag : 0);
  set<std::uint64_t>(out, generation_at, generation);
  set<std::uint64_t>(out, epoch_at, value.epoch);
  set<std::uint64_t>(out, next_at, value.next);
  std::copy(value.owner.begin(), value.owner.end(), out.begin() + owner_at);
  set<std::uint64_t>(out, secret_at, secret);
  set<std::uint64_t>(out, session_from_at, value.session_from);
  set<std::uint32_t>(out, session_size_at, static_cast<std::uint32_t>(value.session.size()));
  std::copy(value.session.begin(), value.session.end(), reinterpret_cast<char*>(out.data()) + ledger_slot_size);
  set<std::uint32_t>(out, checksum_at, slot_checksum(out, value.session.size()));
  return out;
}

std::optional<ledger_reading> read_ledger(std::span<const std::byte> file) {
  std::optional<ledger_reading> best;
  for (std::size_t at = 0; at + first_slot_size <= file.size(); at += ledger_slot_distance) {
    const auto found = decode(file.subspan(at, std::min(ledger_slot_distance, file.size() - at)));
    if (found && (!best || found->generation > best->generation)) best = found;
  }
  return best;
}

}  // namespace roombridge::journal
