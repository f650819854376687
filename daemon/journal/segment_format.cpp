// SPDX-License-Identifier: MIT
#include "daemon/journal/segment_format.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <string>

#include <roombridge/proto/frame.hpp>

#include "daemon/journal/checksum.hpp"
#include "daemon/journal/little_endian.hpp"

namespace roombridge::journal {
namespace {

constexpr std::string_view magic = "RBSEGMNT";
constexpr std::uint32_t version = 2;

// Offsets in the header.
constexpr std::size_t version_at = 8;
constexpr std::size_t epoch_at = 16;
constexpr std::size_t first_at = 24;
constexpr std::size_t begun_at = 32;
constexpr std::size_t header_checksum_at = 44;

// Offsets in a record, behind its mark.
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
constexpr std::size_t most_extra =
    extra_texts_at + log::max_retain_key + log::max_fields * packed_text + sizeof(std::uint16_t) + max_offset;
static_assert(most_extra <= UINT16_MAX);
static_assert(mark_size + texts_at + log::max_matched_text + log::max_topics * packed_text + most_extra +
                  proto::header_size + proto::max_body <=
              max_record);

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Without its mark.
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
std::size_t put_extra(std::vector<std::byte>& out, const log::packed_texts& fields, std::string_view retain_key,
                      std::string_view offset) {
  if (fields.size() == 0 && retain_key.empty() && offset.empty()) return 0;
  const std::size_t begin = out.size();
  out.resize(begin + extra_texts_at + sizeof(std::uint16_t) * fields.size());
  set<std::uint16_t>(out, begin + key_size_at, static_cast<std::uint16_t>(retain_key.size()));
  set<std::uint16_t>(out, begin + fields_at, static_cast<std::uint16_t>(fields.size()));
  put(out, std::as_bytes(std::span{retain_key}));
  put_texts(out, fields, begin + extra_texts_at);
  if (!offset.empty()) {
    out.resize(out.size() + sizeof(std::uint16_t));
    set<std::uint16_t>(out, out.size() - sizeof(std::uint16_t), static_cast<std::uint16_t>(offset.size()));
    put(out, std::as_bytes(std::span{offset}));
  }
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
  set<std::uint32_t>(out, version_at, header.version);
  set<std::uint64_t>(out, epoch_at, header.epoch);
  set<std::uint64_t>(out, first_at, header.first);
  set<std::int64_t>(out, begun_at, header.begun);
  set<std::uint32_t>(out, header_checksum_at, checksum(std::span{out}.first(header_checksum_at)));
  return out;
}

std::optional<segment_header> decode_segment_header(std::span<const std::byte> file) {
  if (file.size() < segment_header_size || text_of(file.first(magic.size())) != magic) return std::nullopt;
  const auto written_as = get<std::uint32_t>(file, version_at);
  if (written_as != version && written_as != first_segment_version) return std::nullopt;
  if (get<std::uint32_t>(file, header_checksum_at) != checksum(file.first(header_checksum_at))) return std::nullopt;
  return segment_header{.epoch = get<std::uint64_t>(file, epoch_at),
                        .first = get<std::uint64_t>(file, first_at),
                        .begun = get<std::int64_t>(file, begun_at),
                        .version = written_as};
}

// The mixer of splitmix64: who knows an epoch, and a mark or two, does not know the next one's.
std::uint64_t record_mark(std::uint64_t secret, std::uint64_t epoch) {
  std::uint64_t mark = secret ^ epoch;
  mark = (mark ^ (mark >> 30)) * 0xbf58476d1ce4e5b9;
  mark = (mark ^ (mark >> 27)) * 0x94d049bb133111eb;
  mark ^= mark >> 31;
  return mark == 0 ? secret | 1 : mark;
}

void append_record(std::vector<std::byte>& out, const log::record& what, std::string_view retain_key,
                   std::string_view offset) {
  assert(retain_key.size() <= log::max_retain_key && offset.size() <= max_offset);
  const std::size_t begin = out.size();
  out.resize(begin + mark_size + texts_at + sizeof(std::uint16_t) * what.topics.size());
  put(out, std::as_bytes(std::span{what.name}));
  put_texts(out, what.topics, begin + mark_size + texts_at);
  const std::size_t extra = put_extra(out, what.fields, retain_key, offset);
  put(out, what.frame);

  assert(out.size() - begin <= max_record);
  const std::span<std::byte> record = std::span{out}.subspan(begin + mark_size);
  set<std::uint32_t>(record, 0, static_cast<std::uint32_t>(record.size() - record_prefix));
  set<std::uint64_t>(record, seq_at, what.seq);
  set<std::uint8_t>(record, kind_at, static_cast<std::uint8_t>(what.kind));
  set<std::uint8_t>(record, topics_at, static_cast<std::uint8_t>(what.topics.size()));
  set<std::uint16_t>(record, name_size_at, static_cast<std::uint16_t>(what.name.size()));
  set<std::uint16_t>(record, extra_size_at, static_cast<std::uint16_t>(extra));
  set<std::uint16_t>(record, flags_at, what.unexpected ? unexpected_flag : 0);
}

std::size_t record_size(std::span<const std::byte> records) {
  return mark_size + record_prefix + get<std::uint32_t>(records, mark_size);
}

log::sequence record_seq(std::span<const std::byte> records) {
  return get<std::uint64_t>(records, mark_size + seq_at);
}

void seal_record(std::span<std::byte> record, std::uint64_t mark) {
  set<std::uint64_t>(record, 0, mark);
  const auto rest = record.subspan(mark_size);
  set<std::uint32_t>(rest, checksum_at, record_checksum(rest));
}

segment_reader::segment_reader(std::span<const std::byte> file, std::uint64_t mark)
    : file_(file), header_(decode_segment_header(file)), mark_(mark) {
  if (header_) sound_ = at_ = segment_header_size;
  if (header_ && header_->version == first_segment_version) mark_ = 0;
}

std::optional<stored_record> segment_reader::next() {
  passed_damage_ = false;
  wanted_ = 0;
  for (std::optional<stored_record> record;;) {
    switch (look(record)) {
      case finding::whole:
        last_ = record->seq;
        return record;
      case finding::cut:
        return std::nullopt;
      case finding::none:
        passed_damage_ = true;
        if (!find_mark()) return std::nullopt;
    }
  }
}

// What lies at at_; moves it behind what is whole.
segment_reader::finding segment_reader::look(std::optional<stored_record>& out) {
  const auto rest = file_.subspan(at_);
  const std::size_t lead = mark_ == 0 ? 0 : mark_size;
  const auto cut = [this](std::size_t size) {
    wanted_ = size;
    return finding::cut;
  };
  if (rest.size() < lead + texts_at) {
    return rest.size() + behind_ < lead + texts_at ? finding::none : cut(lead + texts_at);
  }
  if (mark_ != 0 && get<std::uint64_t>(rest, 0) != mark_) return finding::none;
  const std::size_t size = lead + record_prefix + get<std::uint32_t>(rest, lead);
  if (size < lead + texts_at || size > max_record || size > rest.size() + behind_) return finding::none;
  if (size > rest.size()) return cut(size);
  const auto whole = rest.subspan(lead, size - lead);
  if (get<std::uint32_t>(whole, checksum_at) != record_checksum(whole)) return finding::none;
  out = parse(whole);
  if (!out) return finding::none;
  at_ += size;
  sound_ = at_;
  return finding::whole;
}

// Moves at_ to the next one. False: to where one may begin that is not here as a whole.
bool segment_reader::find_mark() {
  if (mark_ == 0 || file_.size() + behind_ - at_ < mark_size + texts_at) {
    at_ = file_.size() + behind_;
    return false;
  }
  std::array<std::byte, mark_size> mark{};
  set<std::uint64_t>(mark, 0, mark_);
  const auto from = file_.begin() + static_cast<std::ptrdiff_t>(std::min(at_ + 1, file_.size()));
  const auto found = std::search(from, file_.end(), std::boyer_moore_horspool_searcher(mark.begin(), mark.end()));
  at_ = static_cast<std::size_t>(found - file_.begin());
  if (found != file_.end()) return true;
  if (behind_ > 0) at_ = std::max(static_cast<std::size_t>(from - file_.begin()), file_.size() - (mark_size - 1));
  return false;
}

std::optional<stored_record> segment_reader::parse(std::span<const std::byte> whole) {
  stored_record out;
  out.seq = get<std::uint64_t>(whole, seq_at);
  if (out.seq <= last_ || (header_ && out.seq < header_->first) || out.seq > proto::max_integer) return std::nullopt;
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
  if (!texts.take_all(extra.subspan(extra_texts_at, sizes), std::span{fields_}.first(count))) return false;
  if (texts.rest().size() < sizeof(std::uint16_t)) return true;
  const std::size_t size = get<std::uint16_t>(texts.rest(), 0);
  (void)texts.take(sizeof(std::uint16_t));
  const auto offset = texts.take(size);
  if (offset && offset->size() <= max_offset) out.offset = *offset;
  return true;
}

}  // namespace roombridge::journal
