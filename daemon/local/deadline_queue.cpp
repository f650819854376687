// SPDX-License-Identifier: MIT
#include "daemon/local/deadline_queue.hpp"

#include <utility>

namespace roombridge::local {

deadline_queue::deadline_queue(const io::executor& executor, std::function<void()> on_timer)
    : timer_(executor), on_timer_(std::move(on_timer)), self_(std::make_shared<deadline_queue*>(this)) {}

deadline_queue::~deadline_queue() {
  *self_ = nullptr;
}

void deadline_queue::set(deadline_entry& entry, steady_time when) {
  clear(entry);
  entry.when_ = when;
  entries_.insert(entry);
  arm();
}

deadline_entry* deadline_queue::take_due(steady_time now) {
  if (entries_.empty() || entries_.begin()->when_ > now) return nullptr;
  deadline_entry& due = *entries_.begin();
  clear(due);
  return &due;
}

void deadline_queue::arm() {
  if (entries_.empty()) return;
  // A timer that fires too early, its entry having gone, only arms itself anew: cheaper than to move it each time.
  const steady_time next = entries_.begin()->when_;
  if (armed_for_ && *armed_for_ <= next) return;
  armed_for_ = next;
  timer_.expires_at(next);
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (error || *self == nullptr) return;
    (*self)->armed_for_.reset();
    (*self)->on_timer_();
  });
}

}  // namespace roombridge::local
