// SPDX-License-Identifier: MIT
// What a changed config takes away from a connection.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <roombridge/proto/messages.hpp>

#include "daemon/local/peer.hpp"

namespace roombridge::local {

using proto::error_code;

void peer::set_rights(shared_rights may) {
  if (ending()) return;
  const bool saw_something = !may_->sees_nothing();
  may_ = std::move(may);
  bound_socket();
  output_.cursor().restrict_to(may_->visible());
  revoke_subscriptions(saw_something && may_->sees_nothing());
  revoke_rooms();
}

// Those that asked for something which is not theirs any more, or `all`.
void peer::revoke_subscriptions(bool all) {
  std::vector<std::pair<std::uint64_t, std::string>> revoked;
  output_.cursor().for_each_subscription([&](const log::subscription& each) {
    if (auto objection = may_->objection_to(each)) {
      revoked.emplace_back(each.id, *std::move(objection));
    } else if (all) {
      revoked.emplace_back(each.id, "no rule of local.access lets this user see any events");
    }
  });
  for (const auto& [id, objection] : revoked) {
    output_.cursor().unsubscribe(id);
    proto::error told{proto::make_error(error_code::revoked, "the changed config ends the subscription: " + objection)};
    told.subscription = id;
    push(told);
  }
  charge_subscriptions();
}

void peer::revoke_rooms() {
  std::vector<std::string> revoked;
  for (const auto& [room, join] : rooms_) {
    if (!may_->may_hold(room)) revoked.push_back(room);
  }
  for (const std::string& room : revoked) {
    const auto held = rooms_.find(room);
    if (held == rooms_.end()) continue;  // the last one's end has closed the connection
    if (std::find(open_.begin(), open_.end(), held->second) != open_.end()) {
      answer(held->second, {.error = static_cast<int>(error_code::not_permitted),
                            .text = "the changed config does not let this user hold the room"});
      continue;
    }
    proto::error told{
        proto::make_error(error_code::revoked, "the changed config does not let this user hold the room " + room)};
    told.room = room;
    push(told);
    let_go_of(room);
  }
}

}  // namespace roombridge::local
