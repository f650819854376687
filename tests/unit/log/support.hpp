// SPDX-License-Identifier: MIT
// A log small enough to overflow, and subscribers that take as many bytes as a test says.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <roombridge/proto/messages.hpp>

#include "daemon/log/cursor.hpp"
#include "daemon/log/event_log.hpp"

namespace roombridge::log {

// Segments of about ten small events.
inline constexpr geometry small_log{.segment_bytes = 1024, .segments = 3, .max_body = 400};

// For who may look at everything.
inline work& all_of_it() {
  static work all;
  return all = work{};
}

// Sends for a cursor as a peer does, into a string.
class test_sink final : public cursor_owner {
 public:
  explicit test_sink(event_log& log, const void* user = nullptr) : cursor_(log.cursors(), *this, user) {}

  cursor& at() { return cursor_; }
  void subscribe(std::uint64_t id, std::vector<std::string> events = {}, std::vector<std::string> topics = {}) {
    cursor_.subscribe({.id = id, .events = std::move(events), .topics = std::move(topics)});
  }
  void subscribe_after(sequence after, std::uint64_t id, std::vector<std::string> events = {},
                       std::vector<std::string> topics = {}) {
    cursor_.subscribe({.id = id, .events = std::move(events), .topics = std::move(topics)}, after);
  }

  // Takes at most `room` bytes of what goes out; whether something may be left.
  bool send(std::size_t room = SIZE_MAX) {
    woken = false;
    while (room > 0 && (!kept_.empty() || cursor_.pending())) {
      room -= take(kept_, room);
      if (room == 0) break;
      const auto frame = cursor_.under_way();
      const std::size_t of_frame = std::min(room, frame.size());
      out.append(reinterpret_cast<const char*>(frame.data()), of_frame);
      cursor_.sent_under_way(of_frame);
      room -= of_frame;
      if (room == 0) break;
      if (cursor_.lost()) {
        kept_ = encode(*cursor_.lost());
        cursor_.told_loss();
        continue;
      }
      batch events;
      cursor_.collect(events, room, all_of_it());
      std::size_t left = std::min(room, events.bytes());
      const std::size_t taken = left;
      for (const auto range : events.ranges()) {
        const std::size_t size = std::min(left, range.size());
        out.append(reinterpret_cast<const char*>(range.data()), size);
        left -= size;
      }
      cursor_.sent(events, taken);
      room -= taken;
    }
    return !kept_.empty() || cursor_.pending();
  }

  std::string out;  // all that was ever taken
  bool woken = false;
  int losses = 0;  // that on_loss() told of

 private:
  void on_pending() override { woken = true; }
  void on_loss() override { ++losses; }
  void on_frame_leaves(std::span<const std::byte> rest) override {
    ASSERT_TRUE(kept_.empty());
    kept_.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
  }

  std::size_t take(std::string& from, std::size_t room) {
    const std::size_t size = std::min(room, from.size());
    out.append(from, 0, size);
    from.erase(0, size);
    return size;
  }

  static std::string encode(const loss& lost) {
    proto::gap told;
    told.first = lost.first;
    told.last = lost.last;
    if (!lost.hole) told.count = lost.events;
    told.reason = "slow";
    if (lost.upstream) told.from = lost.upstream->from;
    if (lost.upstream) told.until = lost.upstream->until;
    if (lost.new_epoch) told.epoch = proto::epoch_text(2);
    return proto::encode(told);
  }

  cursor cursor_;
  std::string kept_;
};

// What a stream says, one text a frame: "7" an event, "gap 3-5 2 slow", "gap 8-8 null upstream 10..20", "gap 9-9 null
// epoch anew".
inline std::vector<std::string> tell(std::string_view stream) {
  std::vector<std::string> out;
  proto::frame_decoder decoder;
  decoder.feed(std::as_bytes(std::span{stream}));
  while (const auto frame = decoder.next()) {
    if (frame->type == proto::frame_type::event) {
      out.push_back(std::to_string(proto::parse<proto::event>(frame->head)->seq));
      continue;
    }
    EXPECT_EQ(frame->type, proto::frame_type::gap);
    const auto gap = proto::parse<proto::gap>(frame->head);
    out.push_back("gap " + std::to_string(gap->first) + "-" + std::to_string(gap->last) + " " +
                  (gap->count ? std::to_string(*gap->count) : "null") + " " + gap->reason);
    if (!gap->epoch.empty()) out.back() += " anew";
    if (gap->from) out.back() += " " + std::to_string(*gap->from) + ".." + std::to_string(gap->until.value_or(0));
  }
  EXPECT_EQ(decoder.error(), proto::error_code::none);
  return out;
}

}  // namespace roombridge::log
