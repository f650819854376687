// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/room_book.hpp"

#include <algorithm>

namespace roombridge::upstream {

std::string_view to_string(room_state state) {
  switch (state) {
    case room_state::waiting:
      return "waiting";
    case room_state::joining:
      return "joining";
    case room_state::asked:
      return "asked";
    case room_state::joined:
      return "joined";
    case room_state::refused:
      return "refused";
  }
  return "";
}

bool counts_as_joined(room_state state) {
  return state == room_state::asked || state == room_state::joined;
}

void room_book::set_fixed(std::vector<room_name> rooms) {
  order_ = std::move(rooms);
  fixed_ = {order_.begin(), order_.end()};
}

bool room_book::hold(room_holder who, const std::string& room, share_holder user) {
  if (!holds_.hold(who, room, user)) return false;
  if (of(room).state == room_state::refused) forget(room);
  return true;
}

bool room_book::release(room_holder who, const std::string& room, time_point now, std::chrono::milliseconds linger) {
  const bool lingers = linger.count() > 0 && present_.contains(room) && of(room).state != room_state::waiting;
  if (!holds_.release(who, room, lingers ? std::optional(now + linger) : std::nullopt)) return false;
  answer_waiters([&](const waiter& one) { return one.who == who && one.room == room; });
  if (!wanted(room) && !present_.contains(room)) forget(room);
  return true;
}

std::vector<room_name> room_book::to_leave() {
  std::vector<room_name> rooms;
  for (const room_name& room : present_) {
    if (!wanted(room)) rooms.push_back(room);
  }
  for (const room_name& room : rooms) {
    present_.erase(room);
    forget(room);
  }
  return rooms;
}

std::vector<room_name> room_book::to_join() const {
  std::vector<room_name> rooms;
  for (const room_status& room : all()) {
    const auto found = asked_.find(room.room);
    if (found == asked_.end() || found->second.late) rooms.push_back(room.room);
  }
  return rooms;
}

void room_book::asked(const room_name& room, std::optional<std::uint64_t> ack, moment at) {
  present_.insert(room);
  asked_room how{ack ? room_state::joining : room_state::asked, {}, ack, at.wall, first_patience};
  if (const auto before = asked_.find(room); before != asked_.end() && before->second.late) {
    how.text = "the server has not answered; it was asked again";
    how.since = before->second.since;
    how.patience = std::min(2 * before->second.patience, longest_patience);
  }
  how.overdue = at.now + how.patience;
  set(room, std::move(how));
  if (ack) acks_[*ack] = room;
}

void room_book::refuse(const room_name& room, std::string why, moment at) {
  present_.erase(room);
  // Nobody holds what was refused to him.
  for (const auto& [id, one] : waiters_) {
    if (one.room == room) holds_.release(one.who, one.room, std::nullopt);
  }
  set(room, {room_state::refused, std::move(why), std::nullopt, at.wall});
  if (!wanted(room)) forget(room);
}

const room_name* room_book::of_ack(std::uint64_t ack) const {
  const auto found = acks_.find(ack);
  return found == acks_.end() ? nullptr : &found->second;
}

void room_book::confirm(const room_name& room, moment at) {
  set(room, {room_state::joined, {}, std::nullopt, at.wall});
}

void room_book::ask_again() {
  changed_ = changed_ || !asked_.empty();
  asked_.clear();
  acks_.clear();
}

void room_book::end_session() {
  ask_again();
  answer_waiters([](const waiter&) { return true; });
  holds_.stop_lingering();
}

std::vector<room_name> room_book::leave_all() {
  ask_again();
  const auto left = std::exchange(present_, {});
  return {left.begin(), left.end()};
}

std::optional<std::uint64_t> room_book::wait(room_holder who, const std::string& room, time_point deadline) {
  if (of(room).state != room_state::joining || waiters_.size() == max_waiters) return std::nullopt;
  waiters_.emplace(++last_waiter_, waiter{who, room, deadline});
  return last_waiter_;
}

std::vector<room_name> room_book::expire(time_point now) {
  holds_.expire(now);
  answer_waiters([now](const waiter& one) { return one.deadline <= now; });
  std::vector<room_name> missed;
  for (const auto& [ack, room] : acks_) {
    asked_room& how = asked_.at(room);
    if (how.late || how.overdue > now) continue;
    how.late = true;
    if (how.patience == first_patience) missed.push_back(room);
  }
  return missed;
}

std::optional<room_book::time_point> room_book::next_deadline() const {
  auto soonest = holds_.next_deadline();
  const auto take = [&soonest](time_point one) {
    if (!soonest || one < *soonest) soonest = one;
  };
  for (const auto& [id, one] : waiters_) take(one.deadline);
  for (const auto& [ack, room] : acks_) {
    if (const asked_room& how = asked_.at(room); !how.late) take(how.overdue);
  }
  return soonest;
}

room_status room_book::of(const room_name& room) const {
  room_status out{room, room_state::waiting, {}, fixed_.contains(room), room.number ? 0 : holds_.holders(room.text)};
  if (const auto found = asked_.find(room); found != asked_.end()) {
    out.state = found->second.state;
    out.text = found->second.text;
    out.since = found->second.since;
  }
  return out;
}

std::vector<room_status> room_book::all() const {
  std::vector<room_status> out;
  out.reserve(order_.size() + holds_.rooms().size());
  for (const room_name& room : order_) out.push_back(of(room));
  for (const auto& [room, entry] : holds_.rooms()) {
    if (!fixed_.contains(room)) out.push_back(of(room));
  }
  return out;
}

std::size_t room_book::count() const {
  return static_cast<std::size_t>(std::count_if(
      asked_.begin(), asked_.end(), [](const auto& one) { return one.second.state != room_state::refused; }));
}

void room_book::set(const room_name& room, asked_room how) {
  forget(room);
  changed_ = changed_ || counts_as_joined(how.state);
  const bool answered = how.state != room_state::joining;
  asked_.emplace(room, std::move(how));
  if (answered) answer_waiters([&](const waiter& one) { return one.room == room; });
}

void room_book::forget(const room_name& room) {
  const auto found = asked_.find(room);
  if (found == asked_.end()) return;
  changed_ = changed_ || counts_as_joined(found->second.state);
  if (found->second.ack) acks_.erase(*found->second.ack);
  asked_.erase(found);
}

template <class Condition>
void room_book::answer_waiters(const Condition& condition) {
  for (auto next = waiters_.begin(); next != waiters_.end();) {
    if (!condition(next->second)) {
      ++next;
      continue;
    }
    room_status how = of(next->second.room);
    answers_.push_back({next->first, how.state, std::move(how.text)});
    next = waiters_.erase(next);
  }
}

}  // namespace roombridge::upstream
