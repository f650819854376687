// SPDX-License-Identifier: MIT
#include "daemon/journal/journal.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/log/cursor.hpp"
#include "daemon/log/frame_time.hpp"

namespace roombridge::journal {
namespace {

using namespace std::chrono_literals;

// More records than come in one burst.
constexpr log::sequence margin = 100'000;
static_assert(margin < journal::block / 2);

constexpr std::size_t most_pending = 1u << 20;  // bytes of a burst that are handed over at once
constexpr std::chrono::milliseconds patience{5s};
constexpr std::size_t most_told = 10;  // damages, one by one

constexpr const char* kept_for_later = "what earlier runs have left in it is kept, and is taken up by the next start; ";

std::string utc_text(std::int64_t microseconds) {
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  char out[64] = "";
  if (::gmtime_r(&seconds, &parts) != nullptr) (void)std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return out;
}

moment now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace

journal::journal(io::context& context, const options& config, std::uint64_t fresh_epoch, logger& diagnostics,
                 file_system& files)
    : executor_(context.get_executor()),
      diagnostics_(diagnostics),
      self_(std::make_shared<journal*>(this)),
      keeper_(std::make_unique<keeper>(config, files, now())),
      directory_(config.directory),
      always_(config.sync == sync_policy::always) {
  work opening;
  keeper_->turn(opening, now());
  if (!keeper_->store().is_open()) keeper_->leave_for_later();
  if (keeper_->store().is_open()) subscribers_ = keeper_->store().subscribers().found();
  if (const auto& found = keeper_->store().found()) {
    book_ = *found;
    if (!found->clean) crashed_ = remains{.session = found->session};
    book_.clean = false;
    // A ledger whose newer slot has rotted knows of fewer numbers than were used.
    next_ = std::max(found->next, keeper_->store().newest() + 1);
    restorable_ = true;
  } else {
    if (keeper_->store().has_lost_its_ledger()) {
      diagnostics_.warning("journal: " + directory_ +
                               "/ledger is missing or damaged, so that nobody can tell whose the events beside it are: "
                               "they are erased, and a new epoch begins; is the disk failing?",
                           {{"CAUSE", "journal_damaged"}});
    }
    book_.epoch = fresh_epoch;
  }
  book_.next = next_ + block;
  work reservation;
  reservation.book = book_;
  keeper_->turn(reservation, now());
  durable_ = keeper_->state().book;
  if (durable_ == book_) return;
  // These numbers may have been given out before: they are not used again under this epoch.
  keeper_->leave_for_later();
  next_ = 1;
  restorable_ = false;
  crashed_.reset();
  book_ = {.epoch = fresh_epoch, .next = next_ + block};
  work beginning;
  beginning.book = book_;
  keeper_->turn(beginning, now());
}

journal::~journal() {
  stop();
  *self_ = nullptr;
}

void journal::attach(log::event_log& log) {
  log_ = &log;
  if (restorable_) {
    const log::sequence begin = keeper_->store().begin_of_newest(log.capacity());
    keeper_->replay([this, begin](const stored_record& what) { restore(what, begin); });
  }
  report_damages();
  const std::int64_t begun =
      std::chrono::duration_cast<std::chrono::microseconds>(now().wall.time_since_epoch()).count();
  log.go_on_from(next_, begun);
  if (crashed_) report_crash();
  newest_ = log.newest();
  settled_ = accepted_ = newest_;
  owner_known_ = book_.owner == owner_digest{};
  log.observe(*this);
  log.look_back_into(*this);
  show();
  const bool failing = !keeper_->state().failure.empty();
  writer_ = std::make_unique<writer>(
      std::move(keeper_),
      [executor = executor_, self = self_] {
        boost::asio::post(executor, [self] {
          if (*self != nullptr) (*self)->on_news();
        });
      },
      [executor = executor_, self = self_](std::uint64_t id, std::shared_ptr<const log::history_chunk> chunk) {
        boost::asio::post(executor, [self, id, chunk = std::move(chunk)] {
          if (*self != nullptr) (*self)->on_read(id, chunk);
        });
      });
  if (failing) on_news();
}

// What a start finds; later each is told as it is found.
void journal::report_damages() {
  const std::vector<damage>& all = keeper_->store().damages();
  for (const damage& each : std::span{all}.first(std::min(all.size(), most_told))) {
    warn_of_damage(directory_ + '/' + to_text(each));
  }
  damages_told_ = keeper_->state().damaged;
  if (damages_told_ > most_told) warn_of_damage(std::to_string(damages_told_ - most_told) + " more places are damaged");
}

void journal::warn_of_damage(const std::string& text) {
  diagnostics_.warning("journal: " + text + "; what is whole behind it is kept; is the disk failing?",
                       {{"CAUSE", "journal_damaged"}});
}

void journal::report_crash() {
  if (const auto last = log::frame_time(last_frame_)) crashed_->last = *last;
  last_frame_ = {};
  std::string text = "the last run ended without warning";
  if (crashed_->last != 0) text += "; its last event on disk is of " + utc_text(crashed_->last);
  if (const auto torn = keeper_->store().torn(); torn != 0) {
    text += ", and " + std::to_string(torn) + " bytes behind it are not whole and were cut off";
  }
  diagnostics_.warning(text + "; a gap tells programs what may be missing", {{"CAUSE", "crash"}});
}

void journal::restore(const stored_record& what, log::sequence begin_of_memory) {
  if (what.seq >= next_) return;
  if (crashed_) {
    last_frame_.assign(what.frame.begin(), what.frame.end());
    if (what.seq >= book_.session_from && !what.offset.empty()) crashed_->offset = what.offset;
  }
  const log::kept_record kept{.seq = what.seq,
                              .kind = what.kind,
                              .unexpected = what.unexpected,
                              .name = what.name,
                              .topics = what.topics,
                              .fields = what.fields,
                              .frame = what.frame,
                              .retain_key = what.retain_key};
  if (what.seq < begin_of_memory) {
    log_->recall(kept);
  } else {
    log_->restore(kept);
  }
}

std::optional<owner_digest> journal::owner() const {
  if (book_.owner == owner_digest{}) return std::nullopt;
  return book_.owner;
}

void journal::set_owner(const owner_digest& owner) {
  book_changed_ = book_changed_ || book_.owner != owner;
  book_.owner = owner;
  owner_known_ = true;
  show();
}

void journal::show() {
  if (!owner_known_) return log_->cursors().show_until(0);
  log_->cursors().show_until(always_ ? settled_ : std::numeric_limits<log::sequence>::max());
}

// Nothing up to `until` waits for the disk any more.
void journal::settle(log::sequence until) {
  if (until >= accepted_) until = std::max(until, dropped_);
  if (until <= settled_) return;
  settled_ = until;
  if (always_) show();
}

log::sequence journal::settled(log::sequence wanted) {
  if (writer_ && settled_ < wanted) settle(writer_->await(wanted));
  return settled_;
}

void journal::on_append(const log::record& what, std::string_view retain_key) {
  if (what.kind == log::record_kind::new_epoch) {
    pending_.clear();
    pending_count_ = 0;
    book_.epoch = log_->epoch();
    book_.next = what.seq + block;
    book_changed_ = true;
  }
  append_record(pending_, what, retain_key, what.kind == log::record_kind::event ? offset_ : std::string_view{});
  ++pending_count_;
  newest_ = what.seq;
  if (pending_.size() >= most_pending) flush();
}

void journal::keep_session(std::string_view id, std::string text) {
  if (text.size() > max_session) text.clear();
  if (text == book_.session) return;
  if (id != std::exchange(session_id_, std::string{id})) book_.session_from = newest_ + 1;
  book_.session = std::move(text);
  book_changed_ = true;
}

void journal::flush() {
  if (!writer_) return;
  if (newest_ + block / 2 >= book_.next) {
    book_.next = newest_ + block;
    book_changed_ = true;
  }
  if (std::exchange(book_changed_, false)) writer_->submit(book_);
  if (pending_.empty()) return;
  const std::uint64_t count = std::exchange(pending_count_, 0);
  const bool taken = writer_->submit(pending_, count, newest_);
  (taken ? accepted_ : dropped_) = newest_;
  settle(in_trouble_ ? newest_ : settled_);
  if (taken) return;
  if (const auto more = overflows_.occurred(std::chrono::steady_clock::now())) {
    diagnostics_.warning(
        "the journal's disk is slower than events come: some are not written to it, and a restart will "
        "miss them; local programs get them all the same",
        {{"CAUSE", "journal_overflow"}});
  }
}

std::uint64_t journal::keep(std::size_t slot, std::optional<subscriber_record> what) {
  return writer_ ? writer_->submit(slot, std::move(what)) : 0;
}

bool journal::exhausted() const {
  return durable_.epoch == book_.epoch && newest_ + margin >= durable_.next;
}

void journal::when_erased(std::function<void(const fault&)> done) {
  flush();
  erasures_.push_back(std::move(done));
  const keeper_state now = state();
  if (now.earlier != earlier_lives::none) writer_->forget(book_);
  if (in_trouble_ && now.earlier != earlier_lives::kept) answer_erasures(now.trouble);
}

void journal::on_news() {
  const keeper_state now = state();
  durable_ = now.book;
  if (kept_) kept_(now.subscribers_tried, now.subscribers_kept);
  settle(now.settled);
  in_trouble_ = !now.trouble.empty();
  tell_of_failure(now);
  if (now.damaged > std::exchange(damages_told_, now.damaged)) warn_of_damage(now.damage);
  if (in_trouble_) {
    answer_erasures(now.trouble);
  } else if (durable_.epoch == book_.epoch) {
    answer_erasures(std::nullopt);
  }
  if (told_settled_) told_settled_();
}

// That it begins and that it ends, once each; and that what earlier lives have left waits for the next one.
void journal::tell_of_failure(const keeper_state& now) {
  const bool failing = !now.failure.empty();
  const bool kept = now.earlier == earlier_lives::kept;
  const bool told = failing == std::exchange(failing_, failing) && kept == std::exchange(kept_remains_, kept);
  if (told) return;
  if (failing) {
    diagnostics_.error(now.failure + "; " + (now.earlier == earlier_lives::unseen ? kept_for_later : "") +
                           "until that works events are not written to disk, and a restart will miss them; "
                           "local programs get them all the same; it is tried again, once a minute at least",
                       {{"CAUSE", "journal_failed"}});
  } else {
    diagnostics_.info("the journal is written again; so far it lacks " + std::to_string(now.unwritten) + " events");
  }
}

log::sequence journal::oldest() const {
  if (!writer_) return 0;
  const keeper_state now = state();
  return now.book.epoch == book_.epoch ? now.oldest : 0;
}

void journal::read(const log::history_place& from, std::size_t max_bytes, answer_function done) {
  if (!writer_) return;
  flush();
  reads_.emplace(++last_read_, std::move(done));
  writer_->read({.id = last_read_, .epoch = book_.epoch, .from = from, .max_bytes = max_bytes});
}

void journal::on_read(std::uint64_t id, std::shared_ptr<const log::history_chunk> chunk) {
  const auto found = reads_.find(id);
  const auto done = std::move(found->second);
  reads_.erase(found);
  done(std::move(chunk));
}

void journal::answer_erasures(const fault& wrong) {
  for (const auto& done : std::exchange(erasures_, {})) done(wrong);
}

void journal::stop() {
  if (!writer_) return;
  flush();
  const ledger last{.epoch = book_.epoch, .next = newest_ + 1, .owner = book_.owner, .clean = true};
  if (!writer_->stop(last, patience)) {
    diagnostics_.error("the journal's disk does not answer: the newest events may be missing after the next start",
                       {{"CAUSE", "journal_failed"}});
  }
  writer_.reset();
}

}  // namespace roombridge::journal
