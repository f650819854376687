// SPDX-License-Identifier: MIT
// What a connection does with the position that the daemon keeps for its name, and the calls about such names
// (PROTOCOL.md section 4).
#include <algorithm>
#include <utility>

#include <roombridge/proto/messages.hpp>

#include "daemon/local/peer.hpp"

namespace roombridge::local {
namespace {

using proto::error_code;

proto::log_position position_of(const named_subscriber& who) {
  return {proto::epoch_text(who.epoch), who.seq};
}

std::string durable_json(bool durable) {
  return durable ? R"({"durable":true})" : R"({"durable":false})";
}

}  // namespace

// False: somebody else has it, and the connection is about to end.
bool peer::take_name(std::string name) {
  subscriber_key wanted{uid_, std::move(name)};
  if (const auto process = host_.named().hold(wanted, pid_)) {
    std::string text = "process " + std::to_string(*process) + " has the name of this subscriber";
    push(proto::error{proto::make_error(error_code::subscriber_in_use, text), true});
    end(end_reason::subscriber_in_use, std::move(text));
    return false;
  }
  name_ = std::move(wanted);
  return true;
}

void peer::release_name() {
  if (name_) host_.named().release(*std::exchange(name_, std::nullopt));
}

std::optional<proto::log_position> peer::kept_position() const {
  const auto* known = name_ ? host_.named().find(*name_) : nullptr;
  if (known == nullptr) return std::nullopt;
  return position_of(*known);
}

// Why its name cannot become a subscriber, in words.
std::optional<std::string> peer::objection_to_name() const {
  if (!name_ || subscribed_ever_ || host_.named().find(*name_) != nullptr) return std::nullopt;
  return host_.named().objection_to_another(share());
}

// The stream begins at `from`: there its position is, unless one is kept already.
void peer::register_name(const proto::log_position& from) {
  if (!name_ || host_.named().find(*name_) != nullptr) return;
  host_.named().add(*name_, proto::epoch_of(from.epoch), from.seq);
}

void peer::handle_ack(const proto::frame& frame) {
  const auto request = proto::parse<proto::ack>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  if (!name_ || !subscribed_ever_) {
    return refuse(request->id, error_code::bad_request,
                  name_ ? "there is nothing to acknowledge before the first SUBSCRIBE"
                        : "the connection has no name: HELLO had no `subscriber`");
  }
  const auto& position = request->position;
  auto& events = host_.events();
  const bool of_this_epoch = position.epoch == proto::epoch_text(events.epoch());
  events.cursors().wake();
  if (of_this_epoch && (position.seq > events.newest() || !output_.cursor().passed(position.seq))) {
    return refuse(request->id, error_code::bad_request, "`seq` lies ahead of what this connection has been sent");
  }
  if (!open_request(request->id)) return;
  auto done = [answer = host_.answer_to(token_, request->id)](bool durable) { answer({.durable = durable}); };
  if (of_this_epoch) {
    host_.named().acknowledge(*name_, events.epoch(), position.seq, std::move(done));
  } else {
    host_.named().when_kept(*name_, std::move(done));
  }
}

void peer::list_named(std::uint64_t id) {
  const auto& events = host_.events();
  // Who sees all events learns nothing by their number.
  const bool knows = may_->control() || may_->visible() == nullptr;
  answer(id, {.payload =
                  host_.named().list(sees(), events.epoch(), knows ? std::optional(events.newest()) : std::nullopt)});
}

void peer::remove_named(std::uint64_t id, std::string_view params) {
  const auto fail = [&](error_code code, std::string text) {
    answer(id, {.error = static_cast<int>(code), .text = std::move(text)});
  };
  const auto wanted = proto::parse<proto::remove_subscriber_params>(params);
  if (!wanted) return fail(wanted.error().code, wanted.error().text);
  const subscriber_key key{wanted->uid.value_or(uid_), wanted->name};
  if (key.user != uid_ && !may_->control()) {
    return fail(error_code::not_permitted,
                "the subscribers of other users are for root, the daemon's own user and those that local.admins lists "
                "in the config");
  }
  auto done = [answer = host_.answer_to(token_, id)](bool durable) { answer({.payload = durable_json(durable)}); };
  switch (host_.named().remove(key, std::move(done))) {
    case named_subscribers::removal::removed:
      return;
    case named_subscribers::removal::unknown:
      return fail(error_code::unknown_subscriber,
                  "the user " + std::to_string(key.user) + " has no subscriber of this name");
    case named_subscribers::removal::connected:
      return fail(error_code::subscriber_connected,
                  "process " + std::to_string(host_.named().holder(key).value_or(0)) +
                      " has the name: end it first, or it would lose what it has not acknowledged");
  }
}

}  // namespace roombridge::local
