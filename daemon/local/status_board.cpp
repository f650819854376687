// SPDX-License-Identifier: MIT
#include "daemon/local/status_board.hpp"

#include <algorithm>
#include <utility>

#include <roombridge/proto/messages.hpp>

namespace roombridge::local {
namespace {

std::string encode_for(const rights& may, proto::status status) {
  if (!may.control()) status.text.clear();
  if (status.rooms) std::erase_if(*status.rooms, [&may](const std::string& room) { return !may.may_know(room); });
  // So many rooms do not fit into a head; the call `rooms` has them all.
  if (proto::encode_head(status).size() > proto::max_head) status.rooms.reset();
  return proto::encode(status);
}

bool differ_in_rooms_only(proto::status one, const proto::status& other) {
  // From one state to another both have rooms or not.
  if (one.rooms.has_value() != other.rooms.has_value()) return false;
  one.rooms = other.rooms;
  return one == other;
}

}  // namespace

void status_board::set(proto::status status, time_point now) {
  const bool rooms_only = status_ && differ_in_rooms_only(*status_, status);
  status_ = std::move(status);
  // Rights that nobody has any more are forgotten.
  std::erase_if(frames_, [](const auto& each) { return each.first.use_count() == 1; });
  for (auto& [may, made] : frames_) made.current = false;
  if (!rooms_only) {
    due_ = now;
    rooms_only_ = false;
  } else if (!due_) {
    due_ = std::max(now, pause_end_);
    rooms_only_ = true;
  }
}

void status_board::sent(time_point now) {
  if (due_ && rooms_only_) pause_end_ = now + pause;
  due_.reset();
}

shared_frame status_board::frame_for(const shared_rights& may) {
  if (!status_) return nullptr;
  auto& [frame, current] = frames_[may];
  if (std::exchange(current, true)) return frame;
  std::string now = encode_for(*may, *status_);
  if (!frame || *frame != now) frame = std::make_shared<const std::string>(std::move(now));
  return frame;
}

}  // namespace roombridge::local
