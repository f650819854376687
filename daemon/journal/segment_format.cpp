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
constexpr std::size_t extra_size_at = 20;
constexpr std::size_t flags_at = 22;
constexpr std::size_t texts_at = 24;

// Offsets in an extra.
constexpr std::size_t key_size_at = 0;
constexpr std::size_t fields_at = 2;
constexpr std::size_t extra_texts_at = 4;

constexpr std::uint16_t unexpected_flag = 1;

// Of a text; more are not kept for matching.
constexpr std::size_t packed_text = log::max_matched_text + sizeof(std::uint16_t);
static_assert(extra_texts_at + log::max_retain_key + log::max_fields * packed_text <= UINT16_MAX);
static_assert(texts_at + log::max_matched_text + log::max_topics * packed_text + extra_texts_at + log::max_retain_key +
                  log::max_fields * packed_text + proto::header_size + proto::max_body <=
              max_record);

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t record_checksum(std::span<const std::byte> record) {
  return checksum(record.subspan(record_prefix), checksum(record.first(checksum_at)));
}

void put(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The texts at the end of `out`, their sizes at `sizes_at` in it.
void put_texts(std::vector<std::byte>& out, const log::packed_texts& texts, std::size_t sizes_at) {
  (void)texts.any_of([&](std::string_view text) {
    set<std::uint16_t>(out, sizes_at, static_cast<std::uint16_t>(text.size()));
    sizes_at += sizeof(std::uint16_t);
    put(out, std::as_bytes(std::span{text}));
    return false;
  });
}

// Its size.
std::size_t put_extra(std::vector<std::byte>& out, const log::packed_texts& fields, std::string_view retain_key) {
  if (fields.size() == 0 && retain_key.empty()) return 0;
  const std::size_t begin = out.size();
  out.resize(begin + extra_texts_at + sizeof(std::uint16_t) * fields.size());
  set<std::uint16_t>(out, begin + key_size_at, static_cast<std::uint16_t>(retain_key.size()));
  set<std::uint16_t>(out, begin + fields_at, static_cast<std::uint16_t>(fields.size()));
  put(out, std::as_bytes(std::span{retain_key}));
  put_texts(out, fields, begin + extra_texts_at);
  return out.size() - begin;
}

// Takes texts off the front of bytes that somebody else has written.
class text_taker {
 public:
  explicit text_taker(std::span<const std::byte> from) : rest_(from) {}

  [[nodiscard]] std::optional<std::string_view> take(std::size_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view text = text_of(rest_.first(size));
    rest_ = rest_.subspan(size);
    return text;
  }

  // One for each of `out`; `sizes`: a u16 for each. False: there is not so much, or one of them is too long.
  [[nodiscard]] bool take_all(std::span<const std::byte> sizes, std::span<std::string_view> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto text = take(get<std::uint16_t>(sizes, i * sizeof(std::uint16_t)));
      if (!text || text->size() > log::max_matched_text) return false;
      out[i] = *text;
    }
    return true;
  }

  [[nodiscard]] std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

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

void append_record(std::vector<std::byte>& out, const log::record& what, std::string_view retain_key) {
  assert(retain_key.size() <= log::max_retain_key);
  const std::size_t begin = out.size();
  out.resize(begin + texts_at + sizeof(std::uint16_t) * what.topics.size());
  put(out, std::as_bytes(std::span{what.name}));
  put_texts(out, what.topics, begin + texts_at);
  const std::size_t extra = put_extra(out, what.fields, retain_key);
  put(out, what.frame);

  const std::span<std::byte> record = std::span{out}.subspan(begin);
  assert(record.size() <= max_record);
  set<std::uint32_t>(record, 0, static_cast<std::uint32_t>(record.size() - record_prefix));
  set<std::uint64_t>(record, seq_at, what.seq);
  set<std::uint8_t>(record, kind_at, static_cast<std::uint8_t>(what.kind));
  set<std::uint8_t>(record, topics_at, static_cast<std::uint8_t>(what.topics.size()));
  set<std::uint16_t>(record, name_size_at, static_cast<std::uint16_t>(what.name.size()));
  set<std::uint16_t>(record, extra_size_at, static_cast<std::uint16_t>(extra));
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
  const std::size_t sizes = count * sizeof(std::uint16_t);
  text_taker texts{whole.subspan(texts_at + sizes)};
  const auto name = texts.take(get<std::uint16_t>(whole, name_size_at));
  out.topics = std::span{topics_}.first(count);
  if (!name || !texts.take_all(whole.subspan(texts_at, sizes), std::span{topics_}.first(count))) return std::nullopt;
  out.name = *name;
  const auto extra = texts.take(get<std::uint16_t>(whole, extra_size_at));
  if (!extra || !parse_extra(std::as_bytes(std::span{*extra}), out)) return std::nullopt;
  out.frame = texts.rest();
  if (!is_sound(out)) return std::nullopt;
  return out;
}

bool segment_reader::parse_extra(std::span<const std::byte> extra, stored_record& out) {
  if (extra.empty()) return true;
  if (extra.size() < extra_texts_at) return false;
  const std::size_t count = get<std::uint16_t>(extra, fields_at);
  const std::size_t sizes = count * sizeof(std::uint16_t);
  if (count > fields_.size() || extra.size() < extra_texts_at + sizes) return false;
  text_taker texts{extra.subspan(extra_texts_at + sizes)};
  const auto key = texts.take(get<std::uint16_t>(extra, key_size_at));
  if (!key || key->size() > log::max_retain_key) return false;
  out.retain_key = *key;
  out.fields = std::span{fields_}.first(count);
  return texts.take_all(extra.subspan(extra_texts_at, sizes), std::span{fields_}.first(count));
}

}  // namespace roombridge::journal
