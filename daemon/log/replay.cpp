// SPDX-License-Identifier: MIT
#include "daemon/log/replay.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "daemon/log/frame_time.hpp"

namespace roombridge::log {

replay::replay(event_log& log, cursor& who, cursor_owner& owner)
    : log_(log), who_(who), owner_(owner), self_(std::make_shared<replay*>(this)), epoch_(log.epoch()) {
  assert(who_.parked() && log_.past() != nullptr);
  // Of an epoch's numbers those before its first record have never been used.
  who_.park(std::max(who_.parked_behind(), log_.beginning() - 1));
  place_.after = who_.parked_behind();
}

replay::~replay() {
  *self_ = nullptr;
}

void replay::advance(std::size_t chunk_bytes, sequence until) {
  if (epoch_ != log_.epoch()) follow_epoch();
  if (hole_ || asked_ > 0 || waits_for_room_ || who_.waits_for_show()) return;
  if (who_.parked_behind() + 1 < log_.beginning()) return set_hole(log_.beginning() - 1, until, true);
  if (has_records()) {
    if (next().seq == who_.parked_behind() + 1) return;
    // Memory knows as much of it as a start did.
    if (who_.parked_behind() + 1 >= log_.first()) return who_.go_on();
    return find_hole(next().seq - 1, until);
  }
  const bool at_end = chunk_ && chunk_->at_end;
  if (in_memory(at_end)) return who_.go_on();
  if (at_end && who_.parked_behind() < asked_at_) {
    return find_hole(std::min(asked_at_, log_.first() - 1), until);
  }
  ask(chunk_bytes);
}

// Whether the cursor goes on in the log. Not at once where that is about to give up what would be sent next: the disk
// has that, too.
bool replay::in_memory(bool at_end) const {
  const sequence first = log_.first();
  if (who_.parked_behind() + 1 < first) return false;
  return at_end || who_.parked_behind() >= (first + log_.newest()) / 2;
}

// What has not been sent of the last one is not there any more.
void replay::follow_epoch() {
  epoch_ = log_.epoch();
  chunk_.reset();
  hole_.reset();
  // An answer that is still to come is of the last epoch.
  *self_ = nullptr;
  self_ = std::make_shared<replay*>(this);
  asked_ = 0;
  waits_for_room_ = false;
  who_.waiting_hook::unlink();
  place_ = {.after = log_.beginning() - 1};
}

// What lies between the cursor and `last` is missing.
void replay::find_hole(sequence last, sequence until) {
  const bool erased = chunk_->oldest == 0 || who_.parked_behind() + 1 < chunk_->oldest;
  if (erased && chunk_->oldest != 0) last = std::min(last, chunk_->oldest - 1);
  if (last > log_.cursors().shown()) return who_.wait_for_show();
  set_hole(last, until, erased);
}

void replay::set_hole(sequence last, sequence until, bool erased) {
  const sequence first = who_.parked_behind() + 1;
  if (first <= until) last = std::min(last, until);
  hole_ = {.first = first, .last = last, .erased = erased, .new_epoch = first == log_.beginning(), .times = {}};
  if (!erased && next_ > 0 && has_records()) {
    const auto from = frame_time(chunk_->records[next_ - 1].frame);
    const auto ends = frame_time(next().frame);
    if (from && ends && *from <= *ends) hole_->times = loss::times{.from = *from, .until = *ends};
  }
  if (erased) owner_.on_loss();
}

void replay::told_hole() {
  who_.park(hole_->last);
  hole_.reset();
}

void replay::ask(std::size_t chunk_bytes) {
  if (chunk_) place_ = chunk_->next;
  chunk_.reset();
  if (who_.parked_behind() >= log_.cursors().shown()) return who_.wait_for_show();
  waits_for_room_ = chunk_bytes == 0;
  if (waits_for_room_) return;
  asked_ = chunk_bytes;
  asked_at_ = log_.newest();
  log_.past()->read(place_, chunk_bytes, [self = self_](std::shared_ptr<const history_chunk> chunk) {
    if (*self != nullptr) (*self)->on_chunk(std::move(chunk));
  });
}

void replay::on_room() {
  waits_for_room_ = false;
  owner_.on_pending();
}

void replay::on_chunk(std::shared_ptr<const history_chunk> chunk) {
  asked_ = 0;
  chunk_ = std::move(chunk);
  next_ = 0;
  owner_.on_pending();
}

void replay::collect(batch& out, std::size_t max_bytes, work& allowed, sequence until) {
  if (hole_ || !chunk_) return;
  const sequence shown = log_.cursors().shown();
  sequence position = who_.parked_behind();
  std::size_t at = next_;
  for (; at < chunk_->records.size() && out.bytes_ < max_bytes; ++at) {
    const record& current = chunk_->records[at];
    if (current.seq != position + 1 || current.seq > std::min(until, shown)) break;
    if (who_.matches(current) && !out.add(current)) break;
    position = current.seq;
    allowed.spend(who_.cost_of(current));
    if (allowed.spent()) {
      ++at;
      break;
    }
  }
  if (out.count_ > 0) return;
  next_ = at;
  who_.park(position);
  if (has_records() && next().seq == position + 1 && next().seq > shown) who_.wait_for_show();
}

std::span<const std::byte> replay::sent(batch& out, std::size_t size) {
  assert(size <= out.bytes_);
  std::uint64_t events = 0;
  std::span<const std::byte> rest;
  while (size > 0) {
    const record& current = chunk_->records[next_++];
    who_.park(current.seq);
    if (!who_.matches(current)) continue;
    if (current.kind == record_kind::event) ++events;
    const std::size_t taken = std::min(size, current.frame.size());
    rest = current.frame.subspan(taken);
    size -= taken;
  }
  who_.delivered_ += events;
  out.keep_events(events);
  return rest;
}

bool replay::ready() const {
  if (epoch_ != log_.epoch()) return true;
  return asked_ == 0 && !waits_for_room_ && !who_.waits_for_show();
}

}  // namespace roombridge::log
