// SPDX-License-Identifier: MIT
#include "daemon/journal/writer.hpp"

#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "daemon/base/signals_blocked.hpp"

namespace roombridge::journal {
namespace {

// Of a buffer; a larger one has been one burst's.
constexpr std::size_t kept_capacity = 1u << 20;

moment now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace

// Outlives the writer where the thread had to be left behind.
struct writer::shared {
  std::unique_ptr<keeper> what;  // the thread's alone
  news_function on_news;
  read_function on_read;

  mutable std::mutex mutex;
  std::condition_variable changed;
  work queue;
  std::uint64_t turn = 0;  // the last one that has begun
  struct reading {
    read_request what;
    std::uint64_t due;  // the turn that writes what was submitted before it
  };
  std::deque<reading> reads;
  bool stopping = false;
  bool ended = false;
  bool left_behind = false;
  std::uint64_t epoch = 0;    // of what is in the queue
  std::uint64_t dropped = 0;  // records that found the queue full
  std::uint64_t ticket = 0;   // of the newest change of a subscriber
  log::sequence awaited = 0;  // somebody wants to know when this record is settled
  keeper_state state;
};

writer::writer(std::unique_ptr<keeper> what, news_function on_news, read_function on_read)
    : shared_(std::make_shared<shared>()) {
  shared_->state = what->state();
  shared_->epoch = shared_->state.book.epoch;
  shared_->what = std::move(what);
  shared_->on_news = std::move(on_news);
  shared_->on_read = std::move(on_read);
  const signals_blocked guard;
  thread_ = std::thread([with = shared_] { run(with); });
}

writer::~writer() {
  assert(!thread_.joinable());
}

bool writer::submit(std::vector<std::byte>& records, std::uint64_t count, log::sequence last) {
  {
    const std::lock_guard lock{shared_->mutex};
    work& queue = shared_->queue;
    if (queue.records.size() + records.size() > queue_limit) {
      shared_->dropped += count;
      records.clear();
      return false;
    }
    if (queue.records.empty()) {
      std::swap(queue.records, records);
    } else {
      queue.records.insert(queue.records.end(), records.begin(), records.end());
      records.clear();
    }
    queue.count += count;
    queue.last = last;
  }
  shared_->changed.notify_one();
  return true;
}

void writer::submit(const ledger& book) {
  {
    const std::lock_guard lock{shared_->mutex};
    work& queue = shared_->queue;
    if (book.epoch != std::exchange(shared_->epoch, book.epoch)) {
      queue.records.clear();
      queue.count = 0;
    }
    queue.book = book;
  }
  shared_->changed.notify_one();
}

void writer::forget(const ledger& book) {
  submit(book);
  const std::lock_guard lock{shared_->mutex};
  shared_->queue.forget = true;
  shared_->changed.notify_one();
}

void writer::read(const read_request& what) {
  {
    const std::lock_guard lock{shared_->mutex};
    shared_->reads.push_back({what, shared_->turn + 1});
  }
  shared_->changed.notify_one();
}

std::uint64_t writer::submit(std::size_t slot, std::optional<subscriber_record> what) {
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock{shared_->mutex};
    shared_->queue.subscribers.insert_or_assign(slot, std::move(what));
    ticket = shared_->queue.ticket = ++shared_->ticket;
  }
  shared_->changed.notify_one();
  return ticket;
}

log::sequence writer::await(log::sequence seq) {
  const std::lock_guard lock{shared_->mutex};
  shared_->awaited = seq;
  return shared_->state.settled;
}

keeper_state writer::state() const {
  const std::lock_guard lock{shared_->mutex};
  keeper_state out = shared_->state;
  out.unwritten += shared_->dropped;
  return out;
}

bool writer::stop(const ledger& last, std::chrono::milliseconds patience) {
  std::unique_lock lock{shared_->mutex};
  shared_->queue.book = last;
  shared_->stopping = true;
  shared_->changed.notify_one();
  const bool ended = shared_->changed.wait_for(lock, patience, [this] { return shared_->ended; });
  shared_->left_behind = !ended;
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

void writer::run(const std::shared_ptr<shared>& with) {
  work turn;
  std::unique_lock lock{with->mutex};
  for (bool last = false; !last;) {
    with->changed.wait_until(lock, with->what->next(), [&] {
      return with->stopping || with->queue.book || !with->queue.records.empty() || !with->queue.subscribers.empty() ||
             !with->reads.empty();
    });
    std::swap(turn, with->queue);
    ++with->turn;
    last = with->stopping;
    lock.unlock();
    with->what->turn(turn, now());
    if (last) with->what->finish(now());
    turn.records.clear();
    if (turn.records.capacity() > kept_capacity) turn.records = {};
    turn.count = 0;
    lock.lock();
    const keeper_state before = std::exchange(with->state, with->what->state());
    const bool wanted = with->what->config().sync == sync_policy::always || with->awaited > before.settled;
    const bool settled = wanted && before.settled != with->state.settled;
    const bool subscribers = before.subscribers_tried != with->state.subscribers_tried ||
                             before.subscribers_kept != with->state.subscribers_kept;
    const bool news = settled || subscribers || before.book != with->state.book ||
                      before.trouble != with->state.trouble || before.failure != with->state.failure ||
                      before.damaged != with->state.damaged;
    if (news && !with->left_behind) with->on_news();
    if (!last) read_some(*with, lock);
  }
  with->what.reset();  // the directory is free for the next life
  with->ended = true;
  with->changed.notify_all();
}

// One part for one of those who read.
void writer::read_some(shared& with, std::unique_lock<std::mutex>& lock) {
  if (with.reads.empty() || with.reads.front().due > with.turn) return;
  shared::reading next = with.reads.front();
  with.reads.pop_front();
  lock.unlock();
  std::shared_ptr<const log::history_chunk> chunk = with.what->read(next.what);
  lock.lock();
  if (!chunk) {
    with.reads.push_back(next);
  } else if (!with.left_behind) {
    with.on_read(next.what.id, std::move(chunk));
  }
}

}  // namespace roombridge::journal
