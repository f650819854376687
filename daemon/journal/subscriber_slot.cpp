// SPDX-License-Identifier: MIT
#include "daemon/journal/subscriber_slot.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/frame.hpp>
#include <roombridge/proto/json_text.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"

namespace roombridge::journal {
namespace {

constexpr std::string_view magic = "RBSUBSCR";
constexpr std::uint32_t version = 1;

constexpr std::size_t version_at = 8;
constexpr std::size_t user_at = 12;
constexpr std::size_t generation_at = 16;
constexpr std::size_t epoch_at = 24;
constexpr std::size_t seq_at = 32;
constexpr std::size_t seen_at = 40;
constexpr std::size_t name_size_at = 48;
constexpr std::size_t name_at = 56;
constexpr std::size_t checksum_at = 124;

std::optional<subscriber_reading> decode(std::span<const std::byte> from) {
  if (!std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(from.data()))) return std::nullopt;
  if (get<std::uint32_t>(from, version_at) != version) return std::nullopt;
  if (get<std::uint32_t>(from, checksum_at) != checksum(from.first(checksum_at))) return std::nullopt;
  subscriber_reading out;
  out.generation = get<std::uint64_t>(from, generation_at);
  const std::size_t size = get<std::uint32_t>(from, name_size_at);
  if (size == 0) return out;
  if (size > proto::max_subscriber_name) return std::nullopt;
  subscriber_record& value = out.value.emplace();
  value.name.assign(reinterpret_cast<const char*>(from.subspan(name_at).data()), size);
  value.user = get<std::uint32_t>(from, user_at);
  value.epoch = get<std::uint64_t>(from, epoch_at);
  value.seq = get<std::uint64_t>(from, seq_at);
  value.seen = get<std::int64_t>(from, seen_at);
  const bool possible = value.seq <= proto::max_integer && value.seen >= 0 &&
                        value.seen <= static_cast<std::int64_t>(proto::max_integer) &&
                        proto::is_valid_subscriber_name(value.name) && proto::is_utf8(value.name);
  if (!possible) return std::nullopt;
  return out;
}

}  // namespace

std::array<std::byte, subscriber_slot_size> encode(const std::optional<subscriber_record>& value,
                                                   std::uint64_t generation) {
  std::array<std::byte, subscriber_slot_size> out{};
  std::copy(magic.begin(), magic.end(), reinterpret_cast<char*>(out.data()));
  set<std::uint32_t>(out, version_at, version);
  set<std::uint64_t>(out, generation_at, generation);
  if (value) {
    assert(proto::is_valid_subscriber_name(value->name));
    set<std::uint32_t>(out, user_at, value->user);
    set<std::uint64_t>(out, epoch_at, value->epoch);
    set<std::uint64_t>(out, seq_at, value->seq);
    set<std::int64_t>(out, seen_at, value->seen);
    set<std::uint32_t>(out, name_size_at, static_cast<std::uint32_t>(value->name.size()));
    std::copy(value->name.begin(), value->name.end(), reinterpret_cast<char*>(out.data()) + name_at);
  }
  set<std::uint32_t>(out, checksum_at, checksum(std::span{out}.first(checksum_at)));
  return out;
}

std::optional<subscriber_reading> read_subscriber(std::span<const std::byte> file, std::size_t slot) {
  std::optional<subscriber_reading> best;
  for (std::size_t copy = 0; copy < subscriber_copies; ++copy) {
    const std::size_t at = subscriber_copy_at(slot, copy);
    if (at + subscriber_slot_size > file.size()) break;
    auto found = decode(file.subspan(at, subscriber_slot_size));
    if (!found || (best && found->generation <= best->generation)) continue;
    found->copy = copy;
    best = std::move(found);
  }
  return best;
}

}  // namespace roombridge::journal
