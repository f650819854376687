// SPDX-License-Identifier: MIT
// SUBSCRIBE and UNSUBSCRIBE (PROTOCOL.md section 4), and where a connection's stream begins.
#include <algorithm>
#include <utility>

#include <roombridge/proto/messages.hpp>

#include "daemon/local/peer.hpp"

namespace roombridge::local {

namespace {

using proto::error_code;

// Bytes of the names that a refusal lists.
constexpr std::size_t most_listed = 1024;

// The texts that an event has for the values of a field.
std::vector<log::pattern_list> filters_of(const std::vector<proto::field_filter>& fields) {
  std::vector<log::pattern_list> out;
  for (const proto::field_filter& each : fields) {
    std::vector<log::pattern> values;
    values.reserve(each.values.size());
    for (const std::string& value : each.values) values.push_back(log::pattern::exactly(each.name + '=' + value));
    out.emplace_back(std::move(values));
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (out.size() + name.size() > most_listed) return out + ", …";
    out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "none" : out;
}

}  // namespace

void peer::handle_subscribe(const proto::frame& frame) {
  auto request = proto::parse<proto::subscribe>(frame.head);
  if (!request) return reject(request.error());
  const bool replaces_its_id = request->replaces == request->id && output_.cursor().subscribed(request->id);
  if (!replaces_its_id && !accept_id(request->id)) return;
  log::subscription wanted{.id = request->id,
                           .events = std::move(request->events),
                           .topics = std::move(request->topics),
                           .fields = filters_of(request->fields)};
  if (accept_subscription(*request, wanted)) add_subscription(*request, std::move(wanted));
  // Refused or not, it is the one that those with `more` have waited for.
  if (request->more || !replay_after_) return;
  replay_after_.reset();
  output_.begin_stream(host_.events().newest(), std::exchange(snapshot_, false));
}

bool peer::accept_subscription(const proto::subscribe& request, const log::subscription& wanted) {
  if (auto fault = fault_of(request)) {
    refuse(request.id, error_code::bad_request, *std::move(fault));
  } else if (request.replaces && !output_.cursor().subscribed(*request.replaces)) {
    refuse_unknown(request.id, *request.replaces);
  } else if (auto objection = may_->objection_to(wanted)) {
    refuse(request.id, error_code::not_permitted, *std::move(objection));
  } else if (auto full = one_too_many(request, wanted)) {
    refuse(request.id, error_code::too_many_subscriptions, *std::move(full));
  } else if (auto nameless = objection_to_name()) {
    refuse(request.id, error_code::too_many_subscribers, *std::move(nameless));
  } else {
    return true;
  }
  return false;
}

void peer::add_subscription(const proto::subscribe& request, log::subscription wanted) {
  if (!subscribed_ever_) {
    open_stream(request);
  } else {
    succeed(request.id);
  }
  auto& cursor = output_.cursor();
  if (request.replaces) {
    cursor.replace(*request.replaces, std::move(wanted));
  } else if (replay_after_) {
    cursor.subscribe(std::move(wanted), *replay_after_);
  } else {
    cursor.subscribe(std::move(wanted));
  }
  charge_subscriptions();
}

// The first SUBSCRIBE is answered, and it is settled where the stream begins.
void peer::open_stream(const proto::subscribe& request) {
  const auto& events = host_.events();
  subscribed_ever_ = true;
  snapshot_ = request.snapshot;
  slow_ = request.slow;
  if (slow_ == proto::slow_policy::latest) output_.take_newest_only();
  replay_after_ = events.newest();
  proto::result result;
  result.id = request.id;
  std::optional<proto::gap> missing;
  const auto since = request.since ? request.since : kept_position();
  register_name(since.value_or(proto::log_position{proto::epoch_text(events.epoch()), events.newest()}));
  if (since) {
    missing = missing_since(*since);
    replay_after_ = missing ? missing->last : std::min(since->seq, events.newest());
    result.resumption = {.complete = !missing, .first = events.oldest(), .newest = events.newest()};
  }
  push(result);
  if (const auto status = host_.status_for(may_)) output_.push_status(status);
  if (missing) push(*missing);
  output_.hold_stream(*replay_after_);
}

// What lay behind `since` and cannot be had any more, if anything.
std::optional<proto::gap> peer::missing_since(const proto::log_position& since) const {
  const auto& events = host_.events();
  const std::string epoch = proto::epoch_text(events.epoch());
  const log::sequence oldest = events.oldest();
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
  const auto& declared = host_.config().filter_fields;
  for (const auto& field : request.fields) {
    if (std::find(declared.begin(), declared.end(), field.name) != declared.end()) continue;
    return "`fields`: no rule of the config declares '" + field.name + "'; there are: " + listed(declared);
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
    return refuse_unknown(request->id, request->subscription);
  }
  charge_subscriptions();
  succeed(request->id);
}

void peer::refuse_unknown(std::uint64_t id, std::uint64_t subscription) {
  refuse(id, error_code::unknown_subscription, "there is no subscription " + std::to_string(subscription));
}

// Which limit the subscription would pass, in words.
std::optional<std::string> peer::one_too_many(const proto::subscribe& request, const log::subscription& wanted) const {
  const options& limits = host_.config();
  const log::cursor& cursor = output_.cursor();
  if (!request.replaces && cursor.subscriptions() == proto::max_subscriptions) {
    return "the connection has " + std::to_string(proto::max_subscriptions) + " subscriptions";
  }
  if (!request.replaces && subscriptions_.account().subscriptions >= limits.user_subscriptions) {
    return "this user's connections have as many as local.user_subscriptions allows: " +
           std::to_string(limits.user_subscriptions);
  }
  const std::size_t given_back = request.replaces ? cursor.footprint_of(*request.replaces) : 0;
  if (filters_.account().bytes + wanted.footprint() > limits.user_buffer + given_back) {
    return "the subscriptions and unread answers of this user's connections would pass local.user_buffer";
  }
  return std::nullopt;
}

void peer::charge_subscriptions() {
  filters_.set(output_.cursor().footprint());
  subscriptions_.set(output_.cursor().subscriptions());
  subscribed_.set(output_.cursor().subscriptions() == 0 ? 0 : 1);
}

}  // namespace roombridge::local
