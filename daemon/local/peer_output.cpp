// SPDX-License-Identifier: MIT
#include "daemon/local/peer_output.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include <roombridge/proto/messages.hpp>

#include "daemon/base/wipe.hpp"

namespace roombridge::local {
namespace {

// Events of one turn: more would keep the other peers waiting, and the kernel takes no more at once.
constexpr std::size_t turn_bytes = 256u << 10;

// Of what a replay reads at a time. All replays of one user together hold half of what its connections may: the more of
// it is taken, the less each gets, and where it is used up they wait for each other.
constexpr std::size_t largest_chunk = 256u << 10;
constexpr std::size_t smallest_chunk = 16u << 10;
constexpr std::size_t chunks_in_reach = 16;

std::string encode(const log::replay::hole& missing, std::uint64_t epoch) {
  proto::gap told;
  told.first = missing.first;
  told.last = missing.last;
  told.reason = missing.erased ? "expired" : "crash";
  if (missing.times) {
    told.from = missing.times->from;
    told.until = missing.times->until;
  }
  if (missing.new_epoch) told.epoch = proto::epoch_text(epoch);
  return proto::encode(told);
}

std::string encode(const log::loss& lost, std::uint64_t epoch) {
  proto::gap told;
  told.first = lost.first;
  told.last = lost.last;
  told.reason = "slow";
  told.count = lost.events;
  if (lost.upstream) {
    told.from = lost.upstream->from;
    told.until = lost.upstream->until;
  }
  if (lost.new_epoch) told.epoch = proto::epoch_text(epoch);
  if (lost.hole) {
    told.count.reset();
  } else if (lost.events == 0) {
    // No event was passed over: it is as if one of the other records had been sent.
    told.first = lost.last;
    told.reason = lost.new_epoch ? "epoch" : "upstream";
    told.count.reset();
  }
  return proto::encode(told);
}

// What a string has allocated.
std::size_t allocated(const std::string& text) {
  static const std::size_t inside = std::string{}.capacity();
  return text.capacity() > inside ? text.capacity() : 0;
}

// Assigning to a string keeps what it has allocated. This gives that back where it is much more than is used, and all
// of it where nothing is used: an idle peer holds nothing.
void trim(std::string& text) {
  const std::size_t spare = text.empty() ? 0 : text.size() + 4096;
  if (allocated(text) > text.size() + spare) std::string{text}.swap(text);
}

}  // namespace

std::size_t peer_output::held() const {
  return allocated(control_) + allocated(kept_) + (replay_ ? replay_->held() : 0);
}

void peer_output::pieces::clear() {
  count_ = 0;
  bytes_ = 0;
  loss_.clear();
  snapshot_ = 0;
  events_.clear();
}

void peer_output::pieces::add(const void* data, std::size_t size) {
  if (size == 0) return;
  parts_[count_++] = {const_cast<void*>(data), size};
  bytes_ += size;
}

bool peer_output::push(proto::frame_type type, std::string_view head, std::span<const std::byte> payload) {
  if (!proto::append_frame(control_, type, head, payload)) return false;
  held_.set(held());
  owner_.on_output_pending();
  return true;
}

void peer_output::push_frames(std::string_view frames) {
  control_ += frames;
  held_.set(held());
  owner_.on_output_pending();
}

void peer_output::set_status(shared_frame status) {
  if (status == last_status_) return;
  last_status_ = status;
  status_ = std::move(status);
  owner_.on_output_pending();
}

void peer_output::push_status(const shared_frame& status) {
  last_status_ = status;
  push_frames(*status);
}

void peer_output::drop_control() {
  std::size_t end = control_begin_;
  if (control_sent_ > control_begin_) {
    const auto bytes = std::as_bytes(std::span{control_}).subspan(control_begin_);
    end += proto::header_size + proto::decode_header(bytes.first<proto::header_size>()).body_length;
  }
  control_.resize(end);
  trim(control_);
  held_.set(held());
}

bool peer_output::pending() const {
  if (!kept_.empty() || control_sent_ < control_.size() || !cursor_.under_way().empty()) return true;
  return !events_stopped_ && (status_ != nullptr || (!stream_held_ && stream_pending()));
}

// Whether something of the log is to be sent, or looked at for that.
bool peer_output::stream_pending() const {
  if (snapshot_) return !cursor_.waits_for_show();
  if (cursor_.parked() && replay_->ready()) return true;
  return cursor_.pending() || (replay_end_ && cursor_.passed(*replay_end_));
}

void peer_output::hold_stream(log::sequence after) {
  stream_held_ = true;
  if (events_.past() == nullptr || after >= events_.newest()) return;
  cursor_.park(after);
  replay_ = std::make_unique<log::replay>(events_, cursor_, *this);
}

void peer_output::begin_stream(log::sequence seq, bool snapshot) {
  stream_held_ = false;
  if (snapshot) snapshot_ = {.after = 0, .until = seq};
  replay_end_ = seq;
  announce_live();
  owner_.on_output_pending();
}

void peer_output::stop_events() {
  events_stopped_ = true;
  replay_.reset();
  held_.set(held());
}

void peer_output::release() {
  std::string{}.swap(kept_);
  std::string{}.swap(control_);
  control_begin_ = 0;
  control_sent_ = 0;
  status_.reset();
  stop_events();
}

void peer_output::announce_live() {
  if (!replay_end_ || snapshot_ || events_stopped_ || !cursor_.passed(*replay_end_)) return;
  control_ += proto::encode(proto::live{*replay_end_});
  held_.set(held());
  replay_end_.reset();
}

void peer_output::gather(pieces& out, log::work& allowed) {
  out.clear();
  announce_live();
  out.add(kept_.data(), kept_.size());
  const auto under_way = cursor_.under_way();
  out.add(under_way.data(), under_way.size());
  out.add(control_.data() + control_sent_, control_.size() - control_sent_);
  if (events_stopped_) return;
  if (status_) out.add(status_->data(), status_->size());
  if (stream_held_) return;
  if (snapshot_) return gather_snapshot(out, allowed);
  gather_events(out, allowed);
}

void peer_output::gather_events(pieces& out, log::work& allowed) {
  const log::sequence until = replay_end_.value_or(std::numeric_limits<log::sequence>::max());
  if (replays()) {
    if (replay_->missing()) out.loss_ = encode(*replay_->missing(), events_.epoch());
    replay_->collect(out.events_, turn_bytes, allowed, until);
  } else {
    if (cursor_.lost()) out.loss_ = encode(*cursor_.lost(), events_.epoch());
    // What is retained of the loss comes first.
    if (!cursor_.lost() || !cursor_.newest_only()) cursor_.collect(out.events_, turn_bytes, allowed, until);
  }
  out.add(out.loss_.data(), out.loss_.size());
  for (const auto range : out.events_.ranges()) out.add(range.data(), range.size());
}

// Whether what goes out next comes from the log's past. Ends the replay when its time has come.
bool peer_output::replays() {
  if (!cursor_.parked()) return false;
  const bool waited = replay_->waits_for_room();
  replay_->advance(chunk_room(), replay_end_.value_or(std::numeric_limits<log::sequence>::max()));
  if (replay_->waits_for_room() && !waited) owner_.on_output_waits_for_room();
  if (!cursor_.parked()) replay_.reset();
  held_.set(held());
  return cursor_.parked();
}

// Bytes of the next chunk, in the place of the one that is held; 0: there is no room for one.
std::size_t peer_output::chunk_room() const {
  const std::size_t used = held_.account().bytes - (replay_ ? replay_->held() : 0);
  const std::size_t most = user_limit_ / 2;
  if (used + smallest_chunk > most) return 0;
  return std::clamp((most - used) / chunks_in_reach, smallest_chunk, largest_chunk);
}

void peer_output::on_room() {
  if (replay_) replay_->on_room();
}

// As many as one turn takes; the frames stay where they are until the next event comes.
void peer_output::gather_snapshot(pieces& out, log::work& allowed) {
  const auto& retained = events_.retained();
  out.snapshot_end_ = snapshot_->after;
  do {
    const auto next = retained.next(out.snapshot_end_);
    if (!next || next->seq > snapshot_->until) {
      out.snapshot_end_ = snapshot_->until;
      break;
    }
    if (next->seq > events_.cursors().shown()) {
      cursor_.wait_for_show();
      break;
    }
    out.snapshot_end_ = next->seq;
    allowed.spend(cursor_.cost_of(*next));
    if (!cursor_.selects(*next)) continue;
    out.add(next->frame.data(), next->frame.size());
    out.snapshot_ += next->frame.size();
    if (!out.has_room()) break;
  } while (out.snapshot_ < turn_bytes && !allowed.spent());
  if (out.snapshot_ == 0) snapshot_until(out.snapshot_end_);
}

// What is retained up to `seq` has been sent, or is for somebody else.
void peer_output::snapshot_until(log::sequence seq) {
  snapshot_->after = seq;
  if (seq == snapshot_->until) snapshot_.reset();
}

void peer_output::take_snapshot(const pieces& from, std::size_t& left) {
  if (left < from.snapshot_) {
    const auto& retained = events_.retained();
    while (left > 0) {
      const auto next = *retained.next(snapshot_->after);
      snapshot_->after = next.seq;
      if (!cursor_.selects(next)) continue;
      left -= take_whole({reinterpret_cast<const char*>(next.frame.data()), next.frame.size()}, left);
    }
    return;
  }
  left -= from.snapshot_;
  if (from.snapshot_ > 0) snapshot_until(from.snapshot_end_);
}

void peer_output::taken(pieces& from, std::size_t size) {
  std::size_t left = size;
  const std::size_t of_kept = std::min(left, kept_.size());
  kept_.erase(0, of_kept);
  if (of_kept != 0 && kept_.empty()) wipe(kept_);
  trim(kept_);
  left -= of_kept;
  const std::size_t of_frame = std::min(left, cursor_.under_way().size());
  cursor_.sent_under_way(of_frame);
  left -= of_frame;
  const std::size_t of_control = std::min(left, control_.size() - control_sent_);
  take_control(of_control);
  left -= of_control;
  if (left > 0 && status_) {
    left -= take_whole(*status_, left);
    status_.reset();
  }
  if (snapshot_) take_snapshot(from, left);
  if (left > 0 && !from.loss_.empty()) {
    left -= take_whole(from.loss_, left);
    told_loss();
  }
  if (left > 0 && replay_) {
    const auto rest = replay_->sent(from.events_, left);
    kept_.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
  } else if (left > 0) {
    cursor_.sent(from.events_, left);
    if (!replay_end_) owner_.on_output_delivered(from.events_.arrivals());
  }
  held_.set(held());
}

void peer_output::told_loss() {
  if (replay_) return replay_->told_hole();
  if (cursor_.newest_only()) snapshot_ = {.after = cursor_.lost()->first - 1, .until = cursor_.lost()->last};
  cursor_.told_loss();
}

// Takes the beginning of a frame that is not in the log; what is not taken of it is kept.
std::size_t peer_output::take_whole(std::string_view frame, std::size_t& left) {
  const std::size_t size = std::min(left, frame.size());
  kept_ = frame.substr(size);
  return size;
}

void peer_output::take_control(std::size_t size) {
  control_sent_ += size;
  while (control_begin_ < control_sent_) {
    const auto bytes = std::as_bytes(std::span{control_}).subspan(control_begin_);
    const std::size_t frame = proto::header_size + proto::decode_header(bytes.first<proto::header_size>()).body_length;
    if (control_begin_ + frame > control_sent_) break;
    control_begin_ += frame;
  }
  // A busy peer moves its frames seldom.
  if (control_begin_ == control_.size()) {
    control_.clear();
  } else if (control_begin_ > control_.size() / 2) {
    control_.erase(0, control_begin_);
  } else {
    return;
  }
  trim(control_);
  control_sent_ -= control_begin_;
  control_begin_ = 0;
}

void peer_output::on_pending() {
  held_.set(held());
  owner_.on_output_pending();
}

void peer_output::on_loss() {
  owner_.on_output_lost();
  // It may be that all else there was to send had to wait, and is lost now.
  owner_.on_output_pending();
}

void peer_output::on_frame_leaves(std::span<const std::byte> rest) {
  if (held_.account().bytes + rest.size() > most_held(user_limit_)) {
    cut_ = true;
    return;
  }
  kept_.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
  held_.set(held());
}

}  // namespace roombridge::local
