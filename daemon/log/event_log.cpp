// SPDX-License-Identifier: MIT
// Encoding and appending. A frame is written once, straight into its segment.
#include "daemon/log/event_log.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <roombridge/proto/daemon_messages.hpp>
#include <roombridge/proto/event_head.hpp>
#include <roombridge/proto/frame.hpp>

#include "daemon/base/wipe.hpp"
#include "daemon/log/cursor.hpp"
#include "daemon/log/frame_time.hpp"
#include "daemon/log/gap_times.hpp"
#include "daemon/log/history.hpp"
#include "daemon/log/segment_ring.hpp"

namespace roombridge::log {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t entry_room = 64u << 10;  // no index entry is larger

std::size_t segment_size(std::size_t capacity, std::size_t max_body) {
  const std::size_t smallest = proto::header_size + max_body + entry_room;
  return (std::max(capacity / 16, smallest) + page - 1) / page * page;
}

std::size_t segment_count(std::size_t capacity, std::size_t segment) {
  return std::max<std::size_t>(2, (capacity + segment - 1) / segment);
}

std::byte* put(std::byte* out, std::span<const std::byte> bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

std::byte* put(std::byte* out, std::string_view text) {
  return put(out, std::as_bytes(std::span{text}));
}

std::byte* put_header(std::byte* out, proto::frame_type type, std::size_t head, std::size_t payload) {
  const auto bytes = proto::encode_header(
      {static_cast<std::uint32_t>(head + payload), type, proto::known_flags, static_cast<std::uint16_t>(head)});
  return put(out, std::span<const std::byte>{bytes});
}

}  // namespace

class event_log::impl {
 public:
  impl(geometry shape, std::uint64_t epoch)
      : max_body_(shape.max_body), epoch_(epoch), ring_(shape.segment_bytes, shape.segments), cursors_(ring_) {}

  sequence append(const event& what) {
    const index_entry entry = entry_of(what);
    std::array<std::uint32_t, proto::max_attachments> sizes;
    assert(what.attachments.size() <= sizes.size() && what.name.size() <= proto::max_pattern);
    std::size_t payload = 2 + what.arguments.size();
    for (std::size_t i = 0; i < what.attachments.size(); ++i) {
      payload += what.attachments[i].size();
      sizes[i] = static_cast<std::uint32_t>(what.attachments[i].size());
    }
    const proto::event_fields fields{.seq = ring_.head().seq,
                                     .time = what.time,
                                     .event = what.name,
                                     .topics = what.topics.first(entry.topics.size()),
                                     .attachments = std::span{sizes}.first(what.attachments.size()),
                                     .unexpected = what.unexpected};
    const std::size_t head = proto::event_head_size(fields);
    if (head > proto::max_head || head + payload > max_body_) return append_oversize(what, entry, payload);

    const auto room = reserve(proto::header_size + head + payload, entry);
    std::byte* out = put_header(room.data(), proto::frame_type::event, head, payload);
    out = reinterpret_cast<std::byte*>(proto::write_event_head(reinterpret_cast<char*>(out), fields));
    out = put(put(put(out, "["), what.arguments), "]");
    for (const auto attachment : what.attachments) out = put(out, attachment);
    assert(out == room.data() + room.size());
    const auto key = what.retain_key.size() <= max_retain_key ? what.retain_key : std::string_view{};
    if (!key.empty()) retain(key, fields.seq, newest_, entry, room);
    tell(key);
    return fields.seq;
  }

  sequence append_upstream_gap(std::int64_t from, std::int64_t until) {
    const sequence seq = ring_.head().seq;
    proto::gap told{.first = seq,
                    .last = seq,
                    .count = {},
                    .reason = "upstream",
                    .event = {},
                    .bytes = {},
                    .from = from,
                    .until = until,
                    .epoch = {}};
    scratch_ = proto::encode_head(told);
    const packed_times times = pack_times({from, until});
    append_gap({.kind = record_kind::upstream_gap, .name = std::string_view{times.data(), times.size()}});
    return seq;
  }

  sequence start_epoch(std::uint64_t epoch) {
    cursors_.vacate_all();
    ring_.clear();
    retained_.clear();
    wipe(scratch_);
    wipe(marked_);
    epoch_ = epoch;
    const sequence seq = beginning_ = ring_.head().seq;
    proto::gap told;
    told.first = told.last = seq;
    told.reason = "epoch";
    told.epoch = proto::epoch_text(epoch);
    scratch_ = proto::encode_head(told);
    append_gap({.kind = record_kind::new_epoch, .name = {}});
    cursors_.epoch_record_ = seq;
    return seq;
  }

  void restore(const kept_record& what) {
    if (what.seq < ring_.head().seq) return;
    const index_entry entry = entry_of(what);
    if (!could_hold(what.frame.size(), segment_ring::entry_size(entry))) return recall(what);
    if (what.seq > ring_.head().seq) pass_over(what.seq, frame_time(what.frame).value_or(0));
    put(reserve(what.frame.size(), entry).data(), what.frame);
    recall(what, newest_);
  }

  // `where`: of the record, if the log has it.
  void recall(const kept_record& what, const std::optional<position>& where = {}) {
    if (what.seq <= recalled_) return;
    recalled_ = what.seq;
    if (what.kind == record_kind::new_epoch) beginning_ = cursors_.epoch_record_ = what.seq;
    if (what.kind != record_kind::event || what.retain_key.empty()) return;
    retain(what.retain_key, what.seq, where, entry_of(what), what.frame);
  }

  void go_on_from(sequence next, std::int64_t until) {
    assert(next >= ring_.head().seq);
    pass_over(next, until);
  }

  const std::uint32_t max_body_;
  std::uint64_t epoch_;
  sequence beginning_ = 1;
  segment_ring ring_;
  retained_events retained_{retention{.keys = 0, .bytes = 0}};
  cursor_registry cursors_;
  log_observer* observer_ = nullptr;
  history* past_ = nullptr;

 private:
  // Keeps the EVENT frame with its mark, which is the head's last member. Not if with that the head passes its limit,
  // or nobody has written such a frame.
  void retain(std::string_view key, sequence seq, const std::optional<position>& where, const index_entry& entry,
              std::span<const std::byte> frame) {
    const proto::header header = proto::decode_header(frame.first<proto::header_size>());
    const auto body = frame.subspan(proto::header_size);
    scratch_.assign(reinterpret_cast<const char*>(body.data()), header.head_length);
    if (!scratch_.ends_with('}')) return;
    scratch_.pop_back();
    scratch_ += R"(,"retained":true})";
    marked_.clear();
    if (!proto::append_frame(marked_, proto::frame_type::event, scratch_, body.subspan(header.head_length))) return;
    const auto older = retained_.put(key, seq, where, entry, marked_);
    if (!older || older->seq < ring_.first()) return;
    ring_.supersede(*older);
    cursors_.scans_.forget_newest_only();
  }

  // As many of the texts as `room` has places for.
  static std::span<const matched_text> ready(std::span<const std::string_view> texts, std::span<matched_text> room) {
    const std::size_t count = std::min(texts.size(), room.size());
    std::copy_n(texts.begin(), count, room.begin());
    return room.first(count);
  }

  // It lives until the next one.
  index_entry entry_of(const event& what) {
    return {.kind = record_kind::event,
            .name = what.name,
            .topics = ready(what.topics, topics_),
            .fields = ready(what.fields, fields_),
            .unexpected = what.unexpected,
            .received = what.received};
  }
  index_entry entry_of(const kept_record& what) {
    return {.kind = what.kind,
            .name = what.name,
            .topics = ready(what.topics, topics_),
            .fields = ready(what.fields, fields_),
            .unexpected = what.unexpected};
  }

  [[nodiscard]] bool could_hold(std::size_t frame, std::size_t entry) const {
    return frame <= proto::header_size + max_body_ && frame + entry <= ring_.segment_bytes();
  }

  // The next record has the number `seq`. The last of the numbers in between is the GAP that tells of them, if there is
  // a record before them. It says between which times, if both are known.
  void pass_over(sequence seq, std::int64_t until) {
    const sequence first = ring_.head().seq;
    if (seq == first) return;
    if (ring_.bytes() == 0) return ring_.skip_to(seq);
    const auto from = frame_time(ring_.read(newest_).frame);
    ring_.skip_to(seq - 1);
    proto::gap told;
    if (from && *from <= until) {
      told.from = *from;
      told.until = until;
    }
    told.first = first;
    told.last = seq - 1;
    told.reason = "crash";
    scratch_ = proto::encode_head(told);
    const packed_first packed = pack_first(first);
    append_gap({.kind = record_kind::hole, .name = std::string_view{packed.data(), packed.size()}});
  }

  sequence append_oversize(const event& what, index_entry entry, std::size_t payload) {
    const sequence seq = ring_.head().seq;
    proto::gap told{.first = seq,
                    .last = seq,
                    .count = 1,
                    .reason = "oversize",
                    .event = std::string{what.name},
                    .bytes = payload,
                    .from = {},
                    .until = {},
                    .epoch = {}};
    scratch_ = proto::encode_head(told);
    entry.kind = record_kind::oversize;
    append_gap(entry);
    return seq;
  }

  // Appends the GAP whose head is in scratch_.
  void append_gap(const index_entry& entry) {
    const auto room = reserve(proto::header_size + scratch_.size(), entry);
    put(put_header(room.data(), proto::frame_type::gap, scratch_.size(), 0), scratch_);
    tell();
  }

  void tell(std::string_view retain_key = {}) {
    if (observer_ != nullptr) observer_->on_append(ring_.read(newest_), retain_key);
  }

  // Room for a new record's frame; its cursors are marked. What the ring has to give up for it is taken from the
  // cursors first.
  std::span<std::byte> reserve(std::size_t frame, const index_entry& entry) {
    if (!ring_.fits(frame, segment_ring::entry_size(entry))) {
      if (const auto segment = ring_.expiring()) cursors_.vacate(*segment);
      ring_.advance();
    }
    newest_ = ring_.head();
    if (is_for_everyone(entry.kind)) {
      cursors_.index_.touch_all(newest_);
    } else {
      cursors_.index_.touch(entry, newest_);
    }
    return ring_.append(frame, entry);
  }

  position newest_;        // of the record that was appended last
  sequence recalled_ = 0;  // of the record that recall() has seen last
  std::string scratch_;
  std::string marked_;
  std::array<matched_text, max_topics> topics_;  // of the entry under way
  std::array<matched_text, max_fields> fields_;
};

geometry geometry::for_capacity(std::size_t capacity) {
  const std::size_t segment = segment_size(capacity, proto::max_body);
  return {.segment_bytes = segment, .segments = segment_count(capacity, segment), .max_body = proto::max_body};
}

event_log::event_log(std::size_t capacity, std::uint64_t epoch) : event_log(geometry::for_capacity(capacity), epoch) {}
event_log::event_log(const geometry& shape, std::uint64_t epoch) : impl_(std::make_unique<impl>(shape, epoch)) {}
event_log::~event_log() = default;

sequence event_log::append(const event& what) {
  return impl_->append(what);
}

sequence event_log::append_upstream_gap(std::int64_t from, std::int64_t until) {
  return impl_->append_upstream_gap(from, until);
}

sequence event_log::start_epoch(std::uint64_t epoch) {
  return impl_->start_epoch(epoch);
}

void event_log::restore(const kept_record& what) {
  impl_->restore(what);
}
void event_log::recall(const kept_record& what) {
  impl_->recall(what);
}
void event_log::go_on_from(sequence next, std::int64_t until) {
  impl_->go_on_from(next, until);
}
void event_log::observe(log_observer& observer) {
  impl_->observer_ = &observer;
}

void event_log::look_back_into(history& past) {
  impl_->past_ = &past;
}

std::uint64_t event_log::epoch() const {
  return impl_->epoch_;
}
sequence event_log::beginning() const {
  return impl_->beginning_;
}
sequence event_log::first() const {
  return impl_->ring_.first();
}
sequence event_log::oldest() const {
  const sequence there = impl_->past_ != nullptr ? impl_->past_->oldest() : 0;
  return there == 0 ? first() : std::min(there, first());
}
history* event_log::past() const {
  return impl_->past_;
}
sequence event_log::newest() const {
  return impl_->ring_.head().seq - 1;
}
std::size_t event_log::bytes() const {
  return impl_->ring_.bytes();
}
std::size_t event_log::capacity() const {
  return impl_->ring_.capacity();
}
retained_events& event_log::retained() {
  return impl_->retained_;
}
const retained_events& event_log::retained() const {
  return impl_->retained_;
}
cursor_registry& event_log::cursors() {
  return impl_->cursors_;
}

}  // namespace roombridge::log
