// SPDX-License-Identifier: MIT
#include "daemon/log/cursor.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "daemon/log/gap_times.hpp"

namespace roombridge::log {
namespace {

// Units of work that all users together have for looking at what the log gives up at once.
constexpr std::int64_t work_for_losses = 10'000'000;

}  // namespace

cursor::~cursor() {
  unsubscribe_all();
}

void cursor::subscribe(subscription what) {
  what.from = registry_.ring_.head().seq;
  hold(std::move(what));
}

void cursor::subscribe(subscription what, sequence after) {
  what.from = after + 1;
  const segment_ring& ring = registry_.ring_;
  const sequence first = std::max(what.from, ring.first());
  hold(std::move(what));
  if (parked_ || first >= ring.head().seq) return;
  // What has woken it meanwhile may lie behind what only the new one matches.
  if (!exhausted() && first < at_.seq) at_ = ring.find(first);
  wake(ring.find(first), ring.head().seq - 1);
}

void cursor::park(sequence after) {
  assert(exhausted() && sent_ == 0);
  parked_ = true;
  at_ = {.segment = 0, .frame = 0, .entry = 0, .seq = after + 1};
  bound_ = 0;
}

void cursor::go_on() {
  const segment_ring& ring = registry_.ring_;
  const sequence next = at_.seq;
  assert(parked_ && next >= ring.first() && next <= ring.head().seq);
  registry_.wake();  // what was marked until now lies before the head, and is looked at from here
  parked_ = false;
  if (next < ring.head().seq) wake(ring.find(next), ring.head().seq - 1);
}

void cursor::hold(subscription what) {
  assert(!subscribed(what.id));
  registry_.scans_.forget(*this);
  auto places = registry_.index_.add(*this, what);
  footprint_ += what.footprint();
  conditions_ += what.conditions();
  held_.push_back({std::move(what), std::move(places)});
}

void cursor::replace(std::uint64_t id, subscription what) {
  // What has come already must find the old one in the index.
  registry_.wake();
  what.from = held_[index_of(id)].what.from;
  unsubscribe(id);
  hold(std::move(what));
  // Behind the old one's last match may lie what only the new one matches.
  if (!exhausted()) bound_ = registry_.ring_.head().seq - 1;
}

bool cursor::unsubscribe(std::uint64_t id) {
  const std::size_t index = index_of(id);
  if (index == held_.size()) return false;
  registry_.scans_.forget(*this);
  held& found = held_[index];
  registry_.index_.remove(found.what, std::move(found.places));
  footprint_ -= found.what.footprint();
  conditions_ -= found.what.conditions();
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

void cursor::unsubscribe_all() {
  registry_.scans_.forget(*this);
  for (auto& each : held_) registry_.index_.remove(each.what, std::move(each.places));
  held_.clear();
  footprint_ = 0;
  conditions_ = 0;
}

void cursor::restrict_to(std::shared_ptr<const visibility> visible) {
  registry_.scans_.forget(*this);
  visible_ = std::move(visible);
}

std::size_t cursor::index_of(std::uint64_t id) const {
  const auto found = std::find_if(held_.begin(), held_.end(), [id](const held& each) { return each.what.id == id; });
  return static_cast<std::size_t>(found - held_.begin());
}

void cursor::take_newest_only() {
  registry_.scans_.forget(*this);
  newest_only_ = true;
}

bool cursor::subscribed(std::uint64_t id) const {
  return index_of(id) != held_.size();
}

std::size_t cursor::footprint_of(std::uint64_t id) const {
  const std::size_t index = index_of(id);
  return index == held_.size() ? 0 : held_[index].what.footprint();
}

bool cursor::selects(const record& what) const {
  return std::any_of(held_.begin(), held_.end(), [&what](const held& each) { return each.what.selects(what); }) &&
         may_see(what);
}

bool cursor::matches(const record& what) const {
  return !(newest_only_ && what.superseded) &&
         std::any_of(held_.begin(), held_.end(), [&what](const held& each) { return each.what.matches(what); }) &&
         may_see(what);
}

bool cursor::selects_as(const cursor& other, sequence seq) const {
  return visible_ == other.visible_ && newest_only_ == other.newest_only_ &&
         std::equal(held_.begin(), held_.end(), other.held_.begin(), other.held_.end(),
                    [seq](const held& mine, const held& theirs) {
                      return std::max(mine.what.from, theirs.what.from) <= seq && mine.what.selects_as(theirs.what);
                    });
}

std::span<const std::byte> cursor::under_way() const {
  if (sent_ == 0) return {};
  position at = at_;
  return registry_.ring_.read(at).frame.subspan(sent_);
}

void cursor::sent_under_way(std::size_t size) {
  if (size == 0) return;
  const record current = registry_.ring_.read(at_);
  sent_ += static_cast<std::uint32_t>(size);
  assert(sent_ <= current.frame.size());
  if (sent_ < current.frame.size()) return;
  sent_ = 0;
  segment_ring::step(at_, current);
  settle();
}

void cursor::collect(batch& out, std::size_t max_bytes, work& allowed, sequence until) {
  position at = at_;
  if (sent_ > 0) segment_ring::step(at, registry_.ring_.read(at));
  const scan_range range{at.seq, std::min({bound_, until, registry_.shown_}), max_bytes};
  // Nothing to look at is no finding: it would end at a place that is given up while the cursor goes on to the next.
  if (range.first > range.last) {
    out.end_ = at;
  } else if (registry_.scans_.recall(*this, range, out)) {
    allowed.spend(conditions_);
  } else {
    scan(out, at, range, allowed);
    registry_.scans_.remember(*this, range, out);
  }
  if (out.count_ > 0 || sent_ > 0) return;
  at_ = out.end_;
  settle();
}

void cursor::scan(batch& out, position at, const scan_range& range, work& allowed) const {
  do {
    const record current = registry_.ring_.read(at);
    allowed.spend(cost_of(current));
    if (matches(current) && !out.add(current)) break;
    segment_ring::step(at, current);
  } while (at.seq <= range.last && out.bytes_ < range.max_bytes && !allowed.spent());
  out.end_ = at;
}

void cursor::sent(batch& out, std::size_t size) {
  assert(sent_ == 0 && size <= out.bytes_);
  if (size == out.bytes_) {
    if (size == 0) return;
    at_ = out.end_;
    delivered_ += out.events();
    settle();
    return;
  }
  const std::uint64_t events = advance(size);
  delivered_ += events;
  out.keep_events(events);
}

// Moves by `size` bytes of frames, which do not reach to the end of what is there; the number of events that were
// begun.
std::uint64_t cursor::advance(std::size_t size) {
  std::uint64_t events = 0;
  while (size > 0) {
    const record current = registry_.ring_.read(at_);
    if (matches(current)) {
      if (current.kind == record_kind::event) ++events;
      if (size < current.frame.size()) {
        sent_ = static_cast<std::uint32_t>(size);
        return events;
      }
      size -= current.frame.size();
    }
    segment_ring::step(at_, current);
  }
  return events;
}

bool cursor::pending() const {
  return lost_ || (!exhausted() && at_.seq <= registry_.shown_);
}

void cursor::wait_for_show() {
  if (!waits_for_show()) registry_.waiting_.push_back(*this);
}

std::uint64_t cursor::behind() const {
  return exhausted() && !parked_ ? 0 : registry_.ring_.head().seq - at_.seq;
}

void cursor::wake(const position& first, sequence last) {
  if (parked_) return;
  const bool was_exhausted = exhausted();
  if (was_exhausted) at_ = first;
  bound_ = std::max(bound_, last);
  if (!was_exhausted) return;
  registry_.behind_.push_back(*this);
  if (pending()) owner_.on_pending();
}

void cursor::leave(std::uint64_t segment, work& allowed) {
  if (sent_ > 0) {
    const record current = registry_.ring_.read(at_);
    owner_.on_frame_leaves(current.frame.subspan(sent_));
    sent_ = 0;
    segment_ring::step(at_, current);
  }
  while (!exhausted()) {
    if (allowed.spent()) {
      lose_rest(segment);
      break;
    }
    const record current = registry_.ring_.read(at_);
    if (at_.segment != segment) break;
    allowed.spend(cost_of(current));
    if (matches(current)) lose(current);
    segment_ring::step(at_, current);
  }
  settle();
}

// What is left of it in the segment, without looking.
void cursor::lose_rest(std::uint64_t segment) {
  if (at_.segment != segment) return;
  const position next = registry_.ring_.behind(segment);
  if (at_.seq < next.seq) {
    begin_loss(at_.seq);
    lost_->last = std::min(bound_, next.seq - 1);
    lost_->hole = true;
    if (at_.seq <= registry_.epoch_record_ && registry_.epoch_record_ < next.seq) lost_->new_epoch = true;
  }
  at_ = next;
}

void cursor::begin_loss(sequence first) {
  if (lost_) return;
  lost_.emplace().first = first;
  owner_.on_loss();
}

void cursor::lose(const record& what) {
  begin_loss(what.seq);
  lost_->last = what.seq;
  if (!is_for_everyone(what.kind)) {
    ++lost_->events;
    ++lost_events_;
    return;
  }
  if (what.kind == record_kind::new_epoch) {
    lost_->new_epoch = true;
    return;
  }
  if (what.kind == record_kind::hole) {
    lost_->first = std::min(lost_->first, unpack_first(what.name));
    lost_->hole = true;
    return;
  }
  const loss::times times = unpack_times(what.name);
  if (!lost_->upstream) lost_->upstream = times;
  lost_->upstream->until = times.until;
}

// Goes back to standing implicitly at the head once there is nothing to scan.
void cursor::settle() {
  if (exhausted()) unlinking_hook::unlink();
}

void cursor_registry::wake() {
  index_.collect([](cursor& who, const position& first, sequence last) { who.wake(first, last); });
}

void cursor_registry::show_until(sequence seq) {
  shown_ = seq;
  for (cursor& each : behind_) {
    if (each.pending()) each.owner_.on_pending();
  }
  while (!waiting_.empty()) {
    cursor& next = waiting_.front();
    waiting_.pop_front();
    next.owner_.on_pending();
  }
}

// What each user's cursors may look at in the segment, or in all.
cursor_registry::allowances cursor_registry::share_out(std::optional<std::uint64_t> segment) const {
  allowances out;
  for (const cursor& each : behind_) {
    if (!segment || each.at_.segment == *segment) out.try_emplace(each.user_);
  }
  for (auto& [user, allowed] : out) allowed = work{work_for_losses / static_cast<std::int64_t>(out.size())};
  return out;
}

void cursor_registry::vacate_all() {
  wake();
  allowances allowed = share_out(std::nullopt);
  while (!behind_.empty()) {
    cursor& first = behind_.front();
    first.leave(first.at_.segment, allowed[first.user_]);
  }
}

void cursor_registry::vacate(std::uint64_t segment) {
  wake();
  allowances allowed = share_out(segment);
  for (auto next = behind_.begin(); next != behind_.end();) {
    cursor& current = *next++;
    if (current.at_.segment == segment) current.leave(segment, allowed[current.user_]);
  }
}

}  // namespace roombridge::log
