// SPDX-License-Identifier: MIT
#include "daemon/journal/keeper.hpp"

#include <algorithm>
#include <utility>

namespace roombridge::journal {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_delay{1s};
constexpr std::chrono::milliseconds longest_delay{1min};
constexpr std::chrono::minutes between_prunes{10};

}  // namespace

keeper::keeper(options config, file_system& files, moment start)
    : config_(std::move(config)), store_(config_, files, start) {}

void keeper::turn(work& what, moment at) {
  if (what.book) book_ = std::exchange(what.book, std::nullopt);
  if (std::exchange(what.forget, false) && std::exchange(state_.earlier, earlier_lives::none) != earlier_lives::none) {
    retry_at_.reset();
  }
  if (what.count > 0) state_.settled = what.last;
  if (!what.subscribers.empty()) {
    store_.subscribers().put(std::exchange(what.subscribers, {}));
    state_.subscribers_tried = what.ticket;
  }
  if (retry_at_ && at.now < *retry_at_) {
    state_.unwritten += what.count;
    return;
  }
  const bool is_try = !state_.trouble.empty();
  fault wrong = work_off(what, at, is_try);
  state_.bytes = store_.bytes();
  state_.segments = store_.segments();
  state_.oldest = store_.oldest();
  if (has_subscribers()) state_.subscribers_kept = state_.subscribers_tried;
  if (wrong) return fail(*std::move(wrong), at);
  retry_at_.reset();
  state_.trouble.clear();
  state_.next_try.reset();
  if (delay_ > 0ms) work_again(at);
}

fault keeper::work_off(work& what, moment at, bool is_try) {
  fault wrong = open(at);
  if (!wrong) wrong = write_book();
  if (!wrong && is_try) wrong = store_.probe();
  if (!wrong) {
    wrong = write_records(what, at);
  } else {
    state_.unwritten += what.count;
  }
  if (!wrong) wrong = store_.subscribers().write();
  if (!store_.subscribers().is_synced()) plan_sync(at);
  if (!wrong && sync_at_ && (config_.sync == sync_policy::always || at.now >= *sync_at_)) wrong = sync();
  if (!wrong && at.now >= prune_at_) {
    prune_at_ = at.now + between_prunes;
    wrong = store_.prune(at);
  }
  return wrong;
}

fault keeper::open(moment at) {
  // A file that is written to does not tell that it was removed.
  const bool look =
      retry_at_ || at.now >= prune_at_ || config_.sync == sync_policy::always || (sync_at_ && at.now >= *sync_at_);
  if (store_.is_open() && look && !store_.is_in_place()) {
    fault gone = "journal: " + config_.directory + " was removed or replaced while the daemon ran, and with it " +
                 std::to_string(store_.segments()) + " files of events (" + std::to_string(store_.bytes()) +
                 " bytes): it is made again";
    store_.close();
    leave_for_later();
    return gone;
  }
  if (!store_.is_open()) {
    if (auto wrong = store_.open()) return wrong;
  }
  return keep_remains();
}

fault keeper::keep_remains() {
  if (state_.earlier == earlier_lives::none) return std::nullopt;
  const auto& found = store_.found();
  const bool of_this_life = found && found->epoch == state_.book.epoch;
  state_.earlier = !of_this_life && store_.has_remains() ? earlier_lives::kept : earlier_lives::none;
  if (state_.earlier == earlier_lives::none) return std::nullopt;
  // A later life is to know that it is not the next one: this life's events are in no file, and leave a hole.
  if (found && found->clean) {
    ledger passed_over = *found;
    passed_over.clean = false;
    ++passed_over.next;
    if (auto wrong = store_.write(passed_over)) return wrong;
  }
  return "journal: " + config_.directory + " could not be used when this run began, and holds " +
         std::to_string(store_.segments()) + " files of events (" + std::to_string(store_.bytes()) + " bytes) and " +
         std::to_string(store_.subscribers().found().size()) +
         " named subscribers of earlier runs, which are kept: restart the daemon to take them up, or erase them with "
         "'roombridgectl forget'";
}

std::unique_ptr<log::history_chunk> keeper::read(read_request& what) {
  auto out = std::make_unique<log::history_chunk>();
  if (!store_.is_open() || !store_.found() || store_.found()->epoch != what.epoch) {
    out->at_end = true;
    return out;
  }
  const bool complete = store_.read_on(what.from, what.max_bytes, *out);
  tell_damages();
  return complete ? std::move(out) : nullptr;
}

void keeper::replay(const std::function<void(const stored_record&)>& sink) {
  store_.replay(sink);
  tell_damages();
}

void keeper::tell_damages() {
  if (state_.damaged == store_.damaged()) return;
  state_.damaged = store_.damaged();
  state_.damage = config_.directory + '/' + to_text(store_.damages().back());
}

void keeper::finish(moment at) {
  if (!sync_at_) return;
  if (auto wrong = sync()) fail(*std::move(wrong), at);
}

std::chrono::steady_clock::time_point keeper::next() const {
  if (retry_at_) return *retry_at_;
  auto first = sync_at_ ? std::min(*sync_at_, prune_at_) : prune_at_;
  if (well_since_ && !state_.failure.empty()) first = std::min(first, *well_since_ + delay_);
  return first;
}

fault keeper::write_book() {
  if (!book_) return std::nullopt;
  if (auto wrong = store_.write(*book_)) return wrong;
  ++state_.syncs;
  state_.book = *std::exchange(book_, std::nullopt);
  return std::nullopt;
}

fault keeper::write_records(work& what, moment at) {
  if (what.records.empty()) return std::nullopt;
  if (auto wrong = store_.append(what.records, at)) {
    state_.unwritten += what.count;
    return wrong;
  }
  state_.written += what.count;
  ++state_.writes;
  plan_sync(at);
  return std::nullopt;
}

bool keeper::has_subscribers() const {
  const auto& all = store_.subscribers();
  return config_.sync == sync_policy::always ? all.is_synced() : all.is_written();
}

void keeper::plan_sync(moment at) {
  if (!sync_at_ && config_.sync != sync_policy::never) sync_at_ = at.now + config_.sync_interval;
}

fault keeper::sync() {
  sync_at_.reset();
  ++state_.syncs;
  return store_.sync();
}

void keeper::fail(std::string why, moment at) {
  ++state_.failures;
  state_.trouble = state_.failure = std::move(why);
  delay_ = std::clamp(delay_ * 2, first_delay, longest_delay);
  retry_at_ = at.now + delay_;
  state_.next_try = at.wall + delay_;
  well_since_.reset();
  sync_at_.reset();
  // The next try begins with a write whether there is an event or not.
  if (!book_ && state_.book != ledger{}) book_ = state_.book;
}

// A turn has worked, and the last failure was lately.
void keeper::work_again(moment at) {
  if (!well_since_) well_since_ = at.now;
  const auto well = at.now - *well_since_;
  if (well >= delay_) state_.failure.clear();
  if (well < longest_delay) return;
  delay_ = 0ms;
  well_since_.reset();
}

}  // namespace roombridge::journal
