// SPDX-License-Identifier: MIT
// What is due when: one timer for all deadlines of peers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/intrusive/set.hpp>

#include "daemon/base/io.hpp"
#include "daemon/base/timer.hpp"

namespace roombridge::local {

using steady_time = std::chrono::steady_clock::time_point;

// Has at most one deadline; drops it when destroyed.
class deadline_entry
    : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // It has passed.
  virtual void on_deadline() = 0;

 protected:
  ~deadline_entry() = default;

 private:
  friend class deadline_queue;
  steady_time when_;
};

class deadline_queue {
 public:
  // `on_timer`: expire() is to be called.
  deadline_queue(const io::executor& executor, std::function<void()> on_timer);
  ~deadline_queue();
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  // Replaces the entry's deadline.
  void set(deadline_entry& entry, steady_time when);
  void clear(deadline_entry& entry) { entry.unlink(); }

  // Takes out an entry that is due by `now`; null when there is none.
  [[nodiscard]] deadline_entry* take_due(steady_time now);

  // Has the timer fire for the next entry; to be called after take_due() returned null.
  void arm();

 private:
  struct earlier {
    bool operator()(const deadline_entry& a, const deadline_entry& b) const { return a.when_ < b.when_; }
  };

  boost::intrusive::multiset<deadline_entry, boost::intrusive::constant_time_size<false>,
                             boost::intrusive::compare<earlier>>
      entries_;
  io::timer timer_;
  std::function<void()> on_timer_;
  std::optional<steady_time> armed_for_;
  std::shared_ptr<deadline_queue*> self_;  // null for a completion that comes too late
};

}  // namespace roombridge::local
