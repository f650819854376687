// SPDX-License-Identifier: MIT
// SUBSCRIBE and UNSUBSCRIBE (PROTOCOL.md section 4), and where a connection's stream begins.
#include <utility>

#include <roombridge/proto/messages.hpp>

#include "daemon/local/peer.hpp"

namespace roombridge::local {

using proto::error_code;

void peer::handle_subscribe(const proto::frame& frame) {
  auto request = proto::parse<proto::subscribe>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  auto& cursor = output_.cursor();
  if (const auto fault = fault_of(*request)) return refuse(request->id, error_code::bad_request, *fault);
  if (cursor.subscriptions() == proto::max_subscriptions) {
    return refuse(request->id, error_code::too_many_subscriptions,
                  "the connection has " + std::to_string(proto::max_subscriptions) + " subscriptions");
  }
  log::subscription wanted{
      .id = request->id, .events = std::move(request->events), .topics = std::move(request->topics)};
  if (filters_.account().bytes + wanted.footprint() > host_.config().user_buffer) {
    return refuse(request->id, error_code::too_many_subscriptions,
                  "the subscriptions and unread answers of this user's connections would pass local.user_buffer");
  }
  if (!subscribed_ever_) {
    open_stream(*request);
  } else {
    succeed(request->id);
  }
  if (replay_after_) {
    cursor.subscribe(std::move(wanted), *replay_after_);
  } else {
    cursor.subscribe(std::move(wanted));
  }
  filters_.set(cursor.footprint());
  if (request->more || !replay_after_) return;
  replay_after_.reset();
  output_.begin_stream(host_.events().newest(), std::exchange(snapshot_, false));
}

// The first SUBSCRIBE is answered, and it is settled where the stream begins.
void peer::open_stream(const proto::subscribe& request) {
  const auto& events = host_.events();
  subscribed_ever_ = true;
  snapshot_ = request.snapshot;
  slow_ = request.slow;
  replay_after_ = events.newest();
  proto::result result;
  result.id = request.id;
  std::optional<proto::gap> missing;
  if (request.since) {
    missing = missing_since(*request.since);
    replay_after_ = missing ? missing->last : request.since->seq;
    result.resumption = {.complete = !missing, .first = events.first(), .newest = events.newest()};
  }
  push(result);
  if (const auto& status = host_.status()) output_.push_frames(*status);
  if (missing) push(*missing);
  output_.hold_stream();
}

// What lay behind `since` and is not in the log any more, if anything.
std::optional<proto::gap> peer::missing_since(const proto::log_position& since) const {
  const auto& events = host_.events();
  const std::string epoch = proto::epoch_text(events.epoch());
  const log::sequence oldest = events.first();
  proto::gap told;
  told.last = oldest - 1;
  if (since.epoch != epoch) {
    told.first = told.last;
    told.reason = "epoch";
    told.epoch = epoch;
  } else if (since.seq < told.last && oldest > events.beginning()) {
    told.first = since.seq + 1;
    told.reason = "expired";
  } else {
    return std::nullopt;
  }
  return told;
}

std::optional<std::string> peer::fault_of(const proto::subscribe& request) const {
  const auto& since = request.since;
  if (subscribed_ever_ && (since || request.snapshot || request.slow != proto::slow_policy::gap)) {
    return "`since`, `snapshot` and `slow` belong to the first SUBSCRIBE of a connection";
  }
  if (!since) return std::nullopt;
  const auto& events = host_.events();
  if (since->epoch == proto::epoch_text(events.epoch()) && since->seq > events.newest()) {
    return "`since` lies ahead of the log, whose newest seq is " + std::to_string(events.newest());
  }
  return std::nullopt;
}

void peer::handle_unsubscribe(const proto::frame& frame) {
  const auto request = proto::parse<proto::unsubscribe>(frame.head);
  if (!request) return reject(request.error());
  if (!accept_id(request->id)) return;
  if (!output_.cursor().unsubscribe(request->subscription)) {
    return refuse(request->id, error_code::unknown_subscription,
                  "there is no subscription " + std::to_string(request->subscription));
  }
  filters_.set(output_.cursor().footprint());
  succeed(request->id);
}

}  // namespace roombridge::local
