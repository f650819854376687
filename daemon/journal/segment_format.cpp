// SPDX-License-Identifier: MIT
#include "daemon/journal/segment_format.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include <roombridge/proto/frame.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"

namespace roombridge::journal {
namespace {

constexpr std::string_view magic = "RBSEGMNT";
constexpr std::uint32_t version = 1;

// Offsets in the header.
constexpr std::size_t version_at = 8;
constexpr std::size_t epoch_at = 16;
constexpr std::size_t first_at = 24;
constexpr std::size_t begun_at = 32;
constexpr std::size_t header_checksum_at = 44;

// Offsets in a record.
constexpr std::size_t checksum_at = 4;
constexpr std::size_t seq_at = 8;
constexpr std::size_t kind_at = 16;
constexpr std::size_t topics_at = 17;
constexpr std::size_t name_size_at = 18;
constexpr std::size_t skipped_size_at = 20;
constexpr std::size_t flags_at = 22;
constexpr std::size_t texts_at = 24;

constexpr std::uint16_t unexpected_flag = 1;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t record_checksum(std::span<const std::byte> record) {
  return checksum(record.subspan(record_prefix), checksum(record.first(checksum_at)));
}

// What the log relies on when it takes a record back.
bool is_sound(const stored_record& what) {
  if (what.frame.size() < proto::header_size) return false;
  const proto::header header = proto::decode_header(what.frame.first<proto::header_size>());
  if (proto::check_header(header, proto::max_body) != proto::error_code::none) return false;
  if (what.frame.size() != proto::header_size + header.body_length) return false;
  const bool is_event = what.kind == log::record_kind::event;
  if (header.type != (is_event ? proto::frame_type::event : proto::frame_type::gap)) return false;
  if (what.kind == log::record_kind::upstream_gap) return what.name.size() == sizeof(std::int64_t) * 2;
  return what.name.size() <= log::max_matched_text;
}

}  // namespace

std::array<std::byte, segment_header_size> encode(const segment_header& header) {
  std::array<std::byte, segment_header_size> out{};
  std::copy(magic.begin(), magic.end(), reinterpret_cast<char*>(out.data()));
  set<std::uint32_t>(out, version_at, version);
  set<std::uint64_t>(out, epoch_at, header.epoch);
  set<std::uint64_t>(out, first_at, header.first);
  set<std::int64_t>(out, begun_at, header.begun);
  set<std::uint32_t>(out, header_checksum_at, checksum(std::span{out}.first(header_checksum_at)));
  return out;
}

std::optional<segment_header> decode_segment_header(std::span<const std::byte> file) {
  if (file.size() < segment_header_size || text_of(file.first(magic.size())) != magic) return std::nullopt;
  if (get<std::uint32_t>(file, version_at) != version) return std::nullopt;
  if (get<std::uint32_t>(file, header_checksum_at) != checksum(file.first(header_checksum_at))) return std::nullopt;
  return segment_header{.epoch = get<std::uint64_t>(file, epoch_at),
                        .first = get<std::uint64_t>(file, first_at),
                        .begun = get<std::int64_t>(file, begun_at)};
}

void append_record(std::vector<std::byte>& out, const log::record& what) {
  const std::size_t begin = out.size();
  out.resize(begin + texts_at + sizeof(std::uint16_t) * what.topics.size());
  std::size_t next_topic = begin + texts_at;
  const auto put = [&out](std::span<const std::byte> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  put(std::as_bytes(std::span{what.name}));
  (void)what.topics.any_of([&](std::string_view topic) {
    set<std::uint16_t>(out, next_topic, static_cast<std::uint16_t>(topic.size()));
    next_topic += sizeof(std::uint16_t);
    put(std::as_bytes(std::span{topic}));
    return false;
  });
  put(what.frame);

  const std::span<std::byte> record = std::span{out}.subspan(begin);
  assert(record.size() <= max_record);
  set<std::uint32_t>(record, 0, static_cast<std::uint32_t>(record.size() - record_prefix));
  set<std::uint64_t>(record, seq_at, what.seq);
  set<std::uint8_t>(record, kind_at, static_cast<std::uint8_t>(what.kind));
  set<std::uint8_t>(record, topics_at, static_cast<std::uint8_t>(what.topics.size()));
  set<std::uint16_t>(record, name_size_at, static_cast<std::uint16_t>(what.name.size()));
  set<std::uint16_t>(record, skipped_size_at, 0);
  set<std::uint16_t>(record, flags_at, what.unexpected ? unexpected_flag : 0);
}

std::size_t record_size(std::span<const std::byte> records) {
  return record_prefix + get<std::uint32_t>(records, 0);
}

log::sequence record_seq(std::span<const std::byte> records) {
  return get<std::uint64_t>(records, seq_at);
}

void seal_record(std::span<std::byte> record) {
  set<std::uint32_t>(record, checksum_at, record_checksum(record));
}

segment_reader::segment_reader(std::span<const std::byte> file) : file_(file), header_(decode_segment_header(file)) {
  if (header_) sound_ = segment_header_size;
}

std::optional<stored_record> segment_reader::next() {
  if (!header_ || file_.size() - sound_ < texts_at) return std::nullopt;
  const auto rest = file_.subspan(sound_);
  const std::size_t size = record_size(rest);
  if (size < texts_at || size > max_record || size > rest.size()) return std::nullopt;
  const auto whole = rest.first(size);
  if (get<std::uint32_t>(whole, checksum_at) != record_checksum(whole)) return std::nullopt;
  auto record = parse(whole);
  if (!record) return std::nullopt;
  sound_ += size;
  last_ = record->seq;
  return record;
}

std::optional<stored_record> segment_reader::parse(std::span<const std::byte> whole) {
  stored_record out;
  out.seq = get<std::uint64_t>(whole, seq_at);
  if (out.seq <= last_ || out.seq < header_->first || out.seq > proto::max_integer) return std::nullopt;
  const auto kind = get<std::uint8_t>(whole, kind_at);
  if (kind > static_cast<std::uint8_t>(log::record_kind::new_epoch)) return std::nullopt;
  out.kind = static_cast<log::record_kind>(kind);
  const auto flags = get<std::uint16_t>(whole, flags_at);
  if (flags > unexpected_flag) return std::nullopt;
  out.unexpected = flags == unexpected_flag;

  const std::size_t count = get<std::uint8_t>(whole, topics_at);
  if (count > topics_.size() || whole.size() < texts_at + count * sizeof(std::uint16_t)) return std::nullopt;
  auto rest = whole.subspan(texts_at + count * sizeof(std::uint16_t));
  const auto take = [&rest](std::size_t size) -> std::optional<std::string_view> {
    if (size > rest.size()) return std::nullopt;
    const std::string_view text = text_of(rest.first(size));
    rest = rest.subspan(size);
    return text;
  };
  const auto name = take(get<std::uint16_t>(whole, name_size_at));
  if (!name) return std::nullopt;
  out.name = *name;
  for (std::size_t i = 0; i < count; ++i) {
    const auto topic = take(get<std::uint16_t>(whole, texts_at + i * sizeof(std::uint16_t)));
    if (!topic || topic->size() > log::max_matched_text) return std::nullopt;
    topics_[i] = *topic;
  }
  out.topics = std::span{topics_}.first(count);
  if (!take(get<std::uint16_t>(whole, skipped_size_at))) return std::nullopt;
  out.frame = rest;
  if (!is_sound(out)) return std::nullopt;
  return out;
}

}  // namespace roombridge::journal
