// SPDX-License-Identifier: MIT
#include "daemon/log/segment_ring.hpp"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace roombridge::log {
namespace {

// An index entry has this header at its highest address; below it lie, in ascending order, the name, the topics and the
// fields (packed_texts).
struct entry_header {
  std::int64_t received;
  std::uint32_t frame_size;
  std::uint32_t name_hash;
  std::uint16_t entry_size;
  std::uint16_t name_size;
  std::uint16_t topics_size;
  record_kind kind;
  std::uint8_t topics;
  std::uint8_t fields;
  bool unexpected;
  bool superseded;
};
constexpr std::size_t alignment = 4;
static_assert(sizeof(entry_header) % alignment == 0);
static_assert(sizeof(entry_header) + max_matched_text +
                  (max_topics + max_fields) * (max_matched_text + sizeof(std::uint32_t) + sizeof(std::uint16_t)) +
                  alignment <
              65536);

}  // namespace

segment_ring::segment_ring(std::size_t segment_bytes, std::size_t segments)
    : segment_bytes_(segment_bytes), segments_(segments) {
  assert(segments >= 2 && segment_bytes % alignment == 0 && segment_bytes < UINT32_MAX);
  void* area = ::mmap(nullptr, capacity(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot reserve " + std::to_string(capacity()) + " bytes for the event log");
  }
  area_ = static_cast<std::byte*>(area);
}

segment_ring::~segment_ring() {
  ::munmap(area_, capacity());
}

std::byte* segment_ring::base_of(std::uint64_t number) const {
  return area_ + (number % segments_.size()) * segment_bytes_;
}

std::size_t segment_ring::entry_size(const index_entry& entry) {
  const std::size_t size =
      sizeof(entry_header) + entry.name.text.size() + packed_size(entry.topics) + packed_size(entry.fields);
  return (size + alignment - 1) / alignment * alignment;
}

bool segment_ring::fits(std::size_t frame_size, std::size_t entry_size) const {
  const segment& open = at(open_);
  return frame_size + entry_size <= segment_bytes_ - open.frames - open.entries;
}

std::optional<std::uint64_t> segment_ring::expiring() const {
  if (open_ - oldest_ + 1 < segments_.size()) return std::nullopt;
  return oldest_;
}

void segment_ring::advance() {
  if (expiring()) bytes_ -= at(oldest_++).frames;
  ++open_;
  begin_segment();
}

void segment_ring::begin_segment() {
  segment& opened = segments_[open_ % segments_.size()];
  opened = {.first = next_, .written = opened.written};
}

// What was there is to be in nobody's memory any more. Giving the pages back costs more than to write to them, and
// again when they come back.
void segment_ring::clear() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (std::exchange(segments_[i].written, false)) ::explicit_bzero(area_ + i * segment_bytes_, segment_bytes_);
  }
  oldest_ = ++open_;
  begin_segment();
  bytes_ = 0;
}

void segment_ring::skip_to(sequence seq) {
  assert(seq >= next_);
  if (at(open_).frames > 0) advance();
  next_ = seq;
  segments_[open_ % segments_.size()].first = seq;
}

std::span<std::byte> segment_ring::append(std::size_t frame_size, const index_entry& entry) {
  const std::size_t size = entry_size(entry);
  assert(fits(frame_size, size) && entry.topics.size() <= max_topics && entry.fields.size() <= max_fields);
  segment& open = segments_[open_ % segments_.size()];
  std::byte* const top = base_of(open_) + segment_bytes_ - open.entries;

  std::byte* const topics = put_text(top - size, entry.name.text);
  std::byte* const fields = put_packed(topics, entry.topics);
  put_packed(fields, entry.fields);
  const entry_header header{.received = entry.received,
                            .frame_size = static_cast<std::uint32_t>(frame_size),
                            .name_hash = entry.name.hash,
                            .entry_size = static_cast<std::uint16_t>(size),
                            .name_size = static_cast<std::uint16_t>(entry.name.text.size()),
                            .topics_size = static_cast<std::uint16_t>(fields - topics),
                            .kind = entry.kind,
                            .topics = static_cast<std::uint8_t>(entry.topics.size()),
                            .fields = static_cast<std::uint8_t>(entry.fields.size()),
                            .unexpected = entry.unexpected,
                            .superseded = false};
  std::memcpy(top - sizeof header, &header, sizeof header);

  const std::span room{base_of(open_) + open.frames, frame_size};
  open.frames += static_cast<std::uint32_t>(frame_size);
  open.entries += static_cast<std::uint32_t>(size);
  open.written = true;
  bytes_ += frame_size;
  ++next_;
  return room;
}

position segment_ring::head() const {
  return {open_, at(open_).frames, at(open_).entries, next_};
}

position segment_ring::find(sequence seq) const {
  assert(seq >= first() && seq < next_);
  std::uint64_t number = open_;
  while (at(number).first > seq) --number;
  position where{number, 0, 0, at(number).first};
  while (where.seq < seq) {
    const record passed = read(where);
    if (passed.seq >= seq) break;
    step(where, passed);
  }
  return where;
}

record segment_ring::read(position& where) const {
  assert(where.seq >= first() && where.seq < next_);
  while (where.frame == at(where.segment).frames) where = {where.segment + 1, 0, 0, at(where.segment + 1).first};
  const std::byte* const base = base_of(where.segment);
  const std::byte* const top = base + segment_bytes_ - where.entry;
  entry_header header;
  std::memcpy(&header, top - sizeof header, sizeof header);

  const std::byte* const name = top - header.entry_size;
  const std::byte* const topics = name + header.name_size;
  return {.seq = where.seq,
          .kind = header.kind,
          .frame = {base + where.frame, header.frame_size},
          .name = {reinterpret_cast<const char*>(name), header.name_size},
          .topics = {topics, header.topics},
          .fields = {topics + header.topics_size, header.fields},
          .unexpected = header.unexpected,
          .superseded = header.superseded,
          .received = header.received,
          .name_hash = header.name_hash,
          .entry_size = header.entry_size};
}

void segment_ring::supersede(const position& where) {
  assert(where.seq >= first() && where.seq < next_);
  constexpr bool yes = true;
  std::byte* const top = base_of(where.segment) + segment_bytes_ - where.entry;
  std::memcpy(top - sizeof(entry_header) + offsetof(entry_header, superseded), &yes, sizeof yes);
}

position segment_ring::behind(std::uint64_t number) const {
  if (number == open_) return head();
  return {number + 1, 0, 0, at(number + 1).first};
}

void segment_ring::step(position& where, const record& what) {
  where.frame += static_cast<std::uint32_t>(what.frame.size());
  where.entry += what.entry_size;
  ++where.seq;
}

sequence segment_ring::first() const {
  return at(oldest_).first;
}

}  // namespace roombridge::log
