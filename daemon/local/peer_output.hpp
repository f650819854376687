// SPDX-License-Identifier: MIT
// What goes out to one peer, and in which order: the rest of the frame under way, control frames, the newest status, a
// loss, events from the log. Knows no socket: it gives bytes and is told how many were taken.
//
// Invariants: at most one frame is partly sent, and it is finished before anything else. Events are not copied, except
// the rest of a frame that leaves the log, or the chunk of a replay, while it is under way. What is held outside the
// log is charged to the user.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <roombridge/proto/frame.hpp>

#include "daemon/local/status_board.hpp"
#include "daemon/local/user_account.hpp"
#include "daemon/log/cursor.hpp"
#include "daemon/log/event_log.hpp"
#include "daemon/log/replay.hpp"

namespace roombridge::local {

class peer_output final : public log::cursor_owner {
 public:
  // Called when there is something to send again; must not write at once.
  class listener {
   public:
    virtual void on_output_pending() = 0;
    // Events were lost: the log has given them up. Must not end the connection at once.
    virtual void on_output_lost() = 0;
    // A replay goes on once on_room() is called, when has_room().
    virtual void on_output_waits_for_room() = 0;
    // These events, which are no replay, have been taken.
    virtual void on_output_delivered(std::span<const log::arrival> events) = 0;

   protected:
    ~listener() = default;
  };

  // `user_limit`: bytes that the user's connections may hold. All references outlive this.
  peer_output(listener& owner, log::event_log& events, charge& held, const std::size_t& user_limit)
      : owner_(owner),
        events_(events),
        cursor_(events.cursors(), *this, &held.account()),
        held_(held),
        user_limit_(user_limit) {}

  [[nodiscard]] log::cursor& cursor() { return cursor_; }
  [[nodiscard]] const log::cursor& cursor() const { return cursor_; }

  // Appends a control frame. False: it passes the limit of a frame, and nothing was appended.
  [[nodiscard]] bool push(proto::frame_type type, std::string_view head, std::span<const std::byte> payload = {});

  // The same for frames that are encoded already.
  void push_frames(std::string_view frames);

  // The stream begins behind the record `after`, and nothing of it goes out until begin_stream().
  void hold_stream(log::sequence after);
  // Up to the record `seq` it is a replay: LIVE goes out behind it, and before what comes later. With `snapshot` the
  // retained events up to there come first.
  void begin_stream(log::sequence seq, bool snapshot);

  // Events that are superseded are passed over; and of what the log has given up the newest of each key comes from what
  // is retained, behind the GAP.
  void take_newest_only() { cursor_.take_newest_only(); }

  // `status` goes out next, unless it is the one that went out last or is about to; it replaces one that has not begun.
  void set_status(shared_frame status);
  // The first one: it goes out in its place among the control frames.
  void push_status(const shared_frame& status);

  // From now on only the frame under way and the control frames go out: nothing of the log, no status.
  void stop_events();

  // Gives up all that it holds; nothing goes out any more.
  void release();

  // Whether the user's connections hold so little that a replay may hold more.
  [[nodiscard]] bool has_room() const { return chunk_room() > 0; }
  void on_room();

  // Forgets the control frames that have not begun to go out.
  void drop_control();

  // The frame under way left the log when there was no room left for a copy: the stream cannot go on.
  [[nodiscard]] bool cut() const { return cut_; }

  [[nodiscard]] bool pending() const;

  // Bytes of control frames that wait to be sent.
  [[nodiscard]] std::size_t unread() const { return control_.size() - control_sent_; }

  // What to send next, to be used at once. One object serves all peers: it is large.
  class pieces {
   public:
    [[nodiscard]] std::span<const iovec> all() const { return std::span{parts_}.first(count_); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

   private:
    friend class peer_output;
    void clear();
    [[nodiscard]] bool has_room() const { return count_ < parts_.size(); }
    void add(const void* data, std::size_t size);

    std::array<iovec, log::batch::max_ranges + 5> parts_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::string loss_;
    std::size_t snapshot_ = 0;        // bytes of retained events
    log::sequence snapshot_end_ = 0;  // up to which they were looked at
    log::batch events_;
  };
  // `allowed`: the work for looking at what may have to be sent.
  void gather(pieces& out, log::work& allowed);

  // The first `size` bytes of what gather() gave have been taken; nothing has changed since.
  void taken(pieces& from, std::size_t size);

  // Bytes held outside the log: what is allocated, not only what is used of it.
  [[nodiscard]] std::size_t held() const;

 private:
  void on_pending() override;
  void on_loss() override;
  void on_frame_leaves(std::span<const std::byte> rest) override;

  [[nodiscard]] bool stream_pending() const;
  void announce_live();
  void gather_snapshot(pieces& out, log::work& allowed);
  void gather_events(pieces& out, log::work& allowed);
  [[nodiscard]] bool replays();
  void told_loss();
  [[nodiscard]] std::size_t chunk_room() const;
  void snapshot_until(log::sequence seq);
  void take_snapshot(const pieces& from, std::size_t& left);
  void take_control(std::size_t size);
  std::size_t take_whole(std::string_view frame, std::size_t& left);

  listener& owner_;
  log::event_log& events_;
  log::cursor cursor_;
  charge& held_;
  const std::size_t& user_limit_;
  std::string kept_;                         // the rest of a frame under way that lies nowhere else
  std::string control_;                      // frames
  std::size_t control_begin_ = 0;            // of the first frame in control_ that is not wholly sent
  std::size_t control_sent_ = 0;             // bytes of control_ that are sent
  shared_frame status_;                      // that is to go out
  shared_frame last_status_;                 // that went out, or is to
  std::optional<log::sequence> replay_end_;  // LIVE has not been announced yet
  // Retained events behind `after`, up to `until`, are still to be sent.
  struct stretch {
    log::sequence after;
    log::sequence until;
  };
  std::optional<stretch> snapshot_;
  std::unique_ptr<log::replay> replay_;  // while the cursor is parked
  bool stream_held_ = false;
  bool events_stopped_ = false;
  bool cut_ = false;
};

}  // namespace roombridge::local
