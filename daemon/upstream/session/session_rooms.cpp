// SPDX-License-Identifier: MIT
// Rooms: what the session sends for the book, and what the server answers.
#include <algorithm>
#include <roombridge/proto/printable.hpp>

#include "daemon/base/duration_text.hpp"
#include "daemon/upstream/payload_template.hpp"
#include "daemon/upstream/session/session.hpp"

namespace roombridge::upstream {

namespace {

// A user's number makes a room that is a number, where nothing stands beside it.
std::variant<room_name, missing_field> own_room(std::string_view pattern, const json_fields& identity) {
  auto text = render_text(pattern, identity);
  if (auto* missing = std::get_if<missing_field>(&text)) return std::move(*missing);
  room_name room(std::get<std::string>(std::move(text)));
  const auto json = render_value(pattern, identity);
  room.number = is_number(std::get<std::string>(json));
  return room;
}

std::string json_of(const room_name& room) {
  return room.number ? room.text : json_string(room.text);
}

}  // namespace

std::vector<room_name> session::fixed_rooms(const json_fields& identity) const {
  std::vector<room_name> rooms = options_.rooms.declared;
  if (options_.rooms.own.empty() || identity.empty()) return rooms;
  auto own = own_room(options_.rooms.own, identity);
  if (auto* room = std::get_if<room_name>(&own); room && std::find(rooms.begin(), rooms.end(), *room) == rooms.end()) {
    rooms.insert(rooms.begin(), std::move(*room));
  }
  return rooms;
}

// After an authentication: what was the last user's is left in that user's words.
void session::enter_rooms(json_fields identity, moment at) {
  rooms_.set_fixed(fixed_rooms(identity));
  if (identity_.empty()) identity_ = identity;
  for (const room_name& room : rooms_.to_leave()) (void)send_room(options_.rooms.leave, room);
  rooms_.ask_again();
  identity_ = std::move(identity);
  if (!options_.rooms.own.empty()) {
    const auto own = own_room(options_.rooms.own, identity_);
    if (const auto* missing = std::get_if<missing_field>(&own)) {
      actions_.emplace_back(
          action::note{"the own room \"" + options_.rooms.own + "\" is not joined: " + no_field(*missing)});
    }
  }
  for (const room_name& room : rooms_.to_join()) (void)join(room, at);
  tell_rooms();
}

void session::forget_identity() {
  identity_ = {};
  rooms_.set_fixed(fixed_rooms(identity_));
  rooms_.end_session();
  tell_rooms();
}

// Brings the joined rooms to the wanted ones.
void session::adjust_rooms(moment at) {
  if (phase_ == phase::authenticated) {
    for (const room_name& room : rooms_.to_leave()) (void)send_room(options_.rooms.leave, room);
    for (const room_name& room : rooms_.to_join()) (void)join(room, at);
  }
  tell_rooms();
}

// They are asked for again (see room_book::to_join).
void session::miss_room_answers(const std::vector<room_name>& rooms) {
  if (rooms.empty()) return;
  std::string text = "the server has not answered for " + duration_text(room_book::first_patience) +
                     " whether we are in the room \"" + proto::printable(rooms.front().text, 256) + '"';
  if (rooms.size() > 1) text += " (and " + std::to_string(rooms.size() - 1) + " more)";
  actions_.emplace_back(action::note{text + "; it is asked again. For a server that never acknowledges joins, "
                                            "rooms.accepted is {}"});
}

void session::leave_rooms() {
  for (const room_name& room : rooms_.leave_all()) (void)send_room(options_.rooms.leave, room);
}

// Asks for a room. Why that cannot be done; empty: it was.
std::string session::join(const room_name& room, moment at) {
  const auto ack = options_.rooms.accepted.empty() ? std::nullopt : std::optional(next_id_++);
  std::string fault = send_room(options_.rooms.join, room, ack);
  if (fault.empty()) {
    rooms_.asked(room, ack, at);
  } else {
    actions_.emplace_back(action::note{fault});
    rooms_.refuse(room, fault, at);
  }
  return fault;
}

// Why the message cannot be made; empty: it was sent.
std::string session::send_room(std::string_view event, const room_name& room, std::optional<std::uint64_t> ack) {
  json_fields fields = identity_;
  fields.set("room", json_of(room));
  const auto arguments = render_arguments(options_.rooms.payload, fields);
  if (const auto* missing = std::get_if<missing_field>(&arguments)) {
    // The same words for every room, so that the log has them once: what one lacks, all lack.
    return "no room is joined: " + no_field(*missing) + ", which rooms.payload names";
  }
  std::string text;
  socketio::append_event(text, options_.nsp, event, std::get<std::string>(arguments), ack);
  send(engineio::packet_type::message, text);
  return {};
}

session::join_verdict session::hold_room(room_holder who, const std::string& room, milliseconds deadline, moment at,
                                         share_holder user) {
  if (!rooms_.hold(who, room, user)) {
    return {join_error::too_many, rooms_.shares().objection(room_holds::limit, user, "rooms"), {}, {}};
  }
  std::string fault;
  if (phase_ == phase::authenticated && rooms_.of(room).state == room_state::waiting) fault = join(room, at);
  if (!fault.empty()) {
    rooms_.release(who, room, at.now, {});
    tell_rooms();
    return {join_error::refused, std::move(fault), room_state::refused, {}};
  }
  const auto waiter = rooms_.wait(who, room, at.now + deadline);
  tell_rooms();
  return {join_error::none, {}, rooms_.of(room).state, waiter};
}

bool session::release_room(room_holder who, const std::string& room, moment at) {
  const bool held = rooms_.release(who, room, at.now, options_.rooms.linger);
  if (held) adjust_rooms(at);
  return held;
}

bool session::on_room_ack(std::uint64_t id, std::string_view arguments, moment at) {
  const room_name* const found = rooms_.of_ack(id);
  if (found == nullptr) return false;
  const room_name room = *found;
  const json_fields answer = json_fields::of_first(arguments);
  if (answer.match(options_.rooms.accepted)) {
    rooms_.confirm(room, at);
  } else {
    const std::string said = answer.text(options_.rooms.error_text);
    const std::string words = proto::printable(cleared(said.empty() ? arguments : std::string_view(said)), 120);
    actions_.emplace_back(
        action::note{"the server refused the room \"" + proto::printable(room.text, 256) + "\": \"" + words + '"'});
    rooms_.refuse(room, "the server refused the room: \"" + words + '"', at);
  }
  tell_rooms();
  if (deadlines_[deadline::send_held] && !rooms_.joining()) send_held();
  return true;
}

// Passes on what the book has to say. A report follows wherever the phase changes, and tells of the rooms, too.
void session::tell_rooms() {
  for (auto& answer : rooms_.take_answers()) actions_.emplace_back(action::answer_join{std::move(answer)});
  if (rooms_.take_changed() && phase_ == phase::authenticated) actions_.emplace_back(action::tell_rooms{});
}

}  // namespace roombridge::upstream
