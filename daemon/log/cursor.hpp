// SPDX-License-Identifier: MIT
// A subscriber as the log sees it: a place in the log, a filter, and what it may see at all. Pure.
//
// Invariants: a cursor that has nothing to send stands implicitly at the head and costs nothing when events are
// appended that do not match it. Whether a record goes out is decided when it is about to be sent, by the subscriptions
// and the visibility of that moment; a subscription matches no record older than itself. Records that the log gives up
// before a cursor has sent them are counted with both and told as one loss, in order, before the next record; of what
// does not match nothing is told. The frame that is partly sent at that moment is handed to the owner. What a cursor
// looks at is counted as work: so much at a time, and of what the log gives up so much for all cursors of one user; for
// the rest of that it is told that something may be lost.
//
// A cursor that stands further back than the log reaches is parked: nothing wakes it and it loses nothing, while its
// owner sends what it gets from elsewhere (replay.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "daemon/log/batch.hpp"
#include "daemon/log/scan_memo.hpp"
#include "daemon/log/segment_ring.hpp"
#include "daemon/log/subscription.hpp"
#include "daemon/log/visibility.hpp"
#include "daemon/log/wake_index.hpp"
#include "daemon/log/work.hpp"

namespace roombridge::log {

class cursor_registry;

// Whoever sends for a cursor. No function may change the log or any cursor.
class cursor_owner {
 public:
  // The cursor, which had nothing to scan, has now.
  virtual void on_pending() = 0;

  // The cursor has lost records: lost() is set.
  virtual void on_loss() = 0;

  // The log is about to reuse the memory of the frame under way; `rest` is what has not been sent of it. The cursor
  // takes it as sent.
  virtual void on_frame_leaves(std::span<const std::byte> rest) = 0;

 protected:
  ~cursor_owner() = default;
};

// What a cursor was too slow for: records that it would have sent. `first` and `last` are such records, unless `hole`.
struct loss {
  sequence first = 0;
  sequence last = 0;
  std::uint64_t events = 0;  // EVENT and oversize records
  struct times {
    std::int64_t from;  // µs
    std::int64_t until;
  };
  std::optional<times> upstream{};  // from the first to the last of the upstream gaps that were among them
  bool new_epoch = false;           // the record that tells of the present epoch was among them
  bool hole = false;  // so was a hole, or what nobody has looked at: how many events were passed over is not known
};

struct waiting_tag;
using waiting_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<waiting_tag>,
                                                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class cursor : public unlinking_hook, public waiting_hook {
 public:
  // Both outlive the cursor. `user`: an address that stands for whoever it is for; cursors of one user share what may
  // be looked at when the log gives up what they have not sent.
  cursor(cursor_registry& registry, cursor_owner& owner, const void* user = nullptr)
      : registry_(registry), owner_(owner), user_(user) {}
  ~cursor();
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  // Adds a subscription that begins behind the newest record; its `from` is set here. Precondition: !subscribed(id).
  void subscribe(subscription what);
  // The same, beginning behind the record `after`. Precondition: of what lies behind it nothing has been sent.
  void subscribe(subscription what, sequence after);
  // Out of the log, behind the record `after`, whatever the log has of it. Precondition: it has nothing to scan.
  void park(sequence after);
  // Back into it. Precondition: the log has what follows parked_behind().
  void go_on();
  [[nodiscard]] bool parked() const { return parked_; }
  // Of a parked one: the record behind which it stands.
  [[nodiscard]] sequence parked_behind() const { return at_.seq - 1; }
  // `what` takes the place of the subscription `id`: from now on it decides what goes out of all that this one was for.
  // Precondition: subscribed(id), and what.id is the same, or !subscribed(what.id).
  void replace(std::uint64_t id, subscription what);
  // False: there is none of this id.
  bool unsubscribe(std::uint64_t id);
  void unsubscribe_all();
  // From now on only what `visible` allows matches; null: everything.
  void restrict_to(std::shared_ptr<const visibility> visible);
  // From now on it passes over events that are superseded, as if they did not match.
  void take_newest_only();
  [[nodiscard]] bool newest_only() const { return newest_only_; }
  [[nodiscard]] bool subscribed(std::uint64_t id) const;
  [[nodiscard]] std::size_t subscriptions() const { return held_.size(); }
  // Calls `visit(const subscription&)` for each; it must not change the cursor.
  template <class Visit>
  void for_each_subscription(const Visit& visit) const {
    for (const held& each : held_) visit(each.what);
  }
  [[nodiscard]] std::size_t conditions() const { return conditions_; }  // of all subscriptions
  [[nodiscard]] std::size_t footprint() const { return footprint_; }    // of all subscriptions, in bytes
  [[nodiscard]] std::size_t footprint_of(std::uint64_t id) const;       // of one; 0: it is not there

  // Whether a subscription is for `what`, whenever that came, and it may be seen.
  [[nodiscard]] bool selects(const record& what) const;

  // Whether of records from `seq` on both select the same. Never true of one of whose subscriptions one is younger.
  [[nodiscard]] bool selects_as(const cursor& other, sequence seq) const;

  // The unsent rest of the frame that is partly sent; empty when there is none. It goes out before anything else.
  [[nodiscard]] std::span<const std::byte> under_way() const;
  // `size` more bytes of under_way() have been sent.
  void sent_under_way(std::size_t size);

  // What is to be told before the frames of collect().
  [[nodiscard]] const std::optional<loss>& lost() const { return lost_; }
  void told_loss() { lost_.reset(); }

  // Scans what lies behind the frame under way for what is to be sent, until `out`, which is empty, holds `max_bytes`
  // or more, or has no room, or what is `allowed` is spent; the last record that is looked at is `until`, and one is at
  // least.
  void collect(batch& out, std::size_t max_bytes, work& allowed, sequence until = std::numeric_limits<sequence>::max());

  // What it takes to decide whether a record goes out, at most.
  [[nodiscard]] std::size_t cost_of(const record& what) const {
    constexpr std::size_t to_read = 24;
    return to_read + conditions_ * (1 + what.topics.size() + what.fields.size());
  }
  // The first `size` bytes of `out`, the result of the last collect(), have been sent; under_way() is empty. Nothing
  // has changed since.
  void sent(batch& out, std::size_t size);

  // Whether there may be something to send.
  [[nodiscard]] bool pending() const;

  // The owner hears on_pending() at the next show_until(), though there be nothing to scan.
  void wait_for_show();
  [[nodiscard]] bool waits_for_show() const { return waiting_hook::is_linked(); }

  // Whether no record up to `seq` is left to send.
  [[nodiscard]] bool passed(sequence seq) const {
    return (!lost_ || lost_->first > seq) && ((exhausted() && !parked_) || at_.seq > seq);
  }

  [[nodiscard]] std::uint64_t behind() const;                               // records between it and the head
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }      // EVENT frames of which something was sent
  [[nodiscard]] std::uint64_t lost_events() const { return lost_events_; }  // sum of all losses' `events`

 private:
  friend class cursor_registry;
  friend class replay;

  struct held {
    subscription what;
    wake_index::memberships places;
  };

  [[nodiscard]] bool exhausted() const { return at_.seq > bound_; }
  [[nodiscard]] bool may_see(const record& what) const { return !visible_ || visible_->allows(what); }
  [[nodiscard]] bool matches(const record& what) const;
  [[nodiscard]] std::size_t index_of(std::uint64_t id) const;  // in held_; its size: there is none
  void hold(subscription what);
  void wake(const position& first, sequence last);
  void leave(std::uint64_t segment, work& allowed);
  void lose(const record& what);
  void lose_rest(std::uint64_t segment);
  void begin_loss(sequence first);
  void scan(batch& out, position at, const scan_range& range, work& allowed) const;
  [[nodiscard]] std::uint64_t advance(std::size_t size);
  void settle();

  cursor_registry& registry_;
  cursor_owner& owner_;
  std::shared_ptr<const visibility> visible_;  // null: everything
  const void* const user_;
  std::vector<held> held_;
  std::size_t conditions_ = 0;  // of all subscriptions
  bool newest_only_ = false;
  std::size_t footprint_ = 0;
  position at_;             // the next record to look at; meaningless when exhausted
  sequence bound_ = 0;      // no record behind it matches
  bool parked_ = false;     // behind at_.seq - 1; of at_ the rest means nothing, and bound_ is 0
  std::uint32_t sent_ = 0;  // bytes of the frame at at_
  std::optional<loss> lost_;
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_events_ = 0;
};

// All cursors over one log.
class cursor_registry {
 public:
  explicit cursor_registry(segment_ring& ring) : ring_(ring) {}
  cursor_registry(const cursor_registry&) = delete;
  cursor_registry& operator=(const cursor_registry&) = delete;

  // Moves every cursor that the records appended since the last call may concern; their owners hear on_pending().
  void wake();

  // No record behind `seq` is sent before a later call allows it. At first every record may be.
  void show_until(sequence seq);
  [[nodiscard]] sequence shown() const { return shown_; }

 private:
  friend class cursor;
  friend class event_log;

  using allowances = std::map<const void*, work>;

  [[nodiscard]] allowances share_out(std::optional<std::uint64_t> segment) const;
  // Moves every cursor out of `segment`, which is about to be reused.
  void vacate(std::uint64_t segment);
  // Moves every cursor out of the log.
  void vacate_all();

  segment_ring& ring_;
  sequence shown_ = std::numeric_limits<sequence>::max();
  sequence epoch_record_ = 0;  // that tells of the present epoch, if there is one
  wake_index index_;
  scan_memo scans_;
  using constant = boost::intrusive::constant_time_size<false>;
  boost::intrusive::list<cursor, boost::intrusive::base_hook<unlinking_hook>, constant> behind_;  // those not exhausted
  boost::intrusive::list<cursor, boost::intrusive::base_hook<waiting_hook>, constant> waiting_;   // for show_until()
};

}  // namespace roombridge::log
