// SPDX-License-Identifier: MIT
#include <roombridge/session.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

#include <roombridge/proto/json_text.hpp>

namespace roombridge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_delay{250};
constexpr milliseconds longest_delay{5000};

// Acknowledgements of one such time go out as one; and so many may be under way, far fewer than a connection may ask.
constexpr milliseconds ack_interval{10};
constexpr std::size_t most_open_acks = 128;

failure invalid(std::string text) {
  return {failure_kind::invalid_argument, std::move(text), std::nullopt};
}

bool covers(const log_position& further, const log_position& position) {
  return further.epoch == position.epoch && further.seq >= position.seq;
}

// Bytes that a message holds, about.
std::size_t cost_of(const message& what) {
  std::size_t bytes = sizeof(message);
  if (const auto* one = std::get_if<event>(&what)) {
    bytes += one->name.size() + one->arguments.size();
    for (const auto& topic : one->topics) bytes += sizeof topic + topic.size();
    for (const auto& attachment : one->attachments) bytes += sizeof attachment + attachment.size();
  } else if (const auto* answered = std::get_if<answer>(&what)) {
    bytes += answered->payload.size();
    for (const auto& attachment : answered->attachments) bytes += sizeof attachment + attachment.size();
  }
  return bytes;
}

// In the log.
bool has_place(const message& what) {
  return std::holds_alternative<event>(what) || std::holds_alternative<live>(what) || std::holds_alternative<gap>(what);
}

// Moves a position behind a message that has a place.
void advance(log_position& position, const message& got) {
  if (const auto* one = std::get_if<event>(&got)) {
    if (!one->retained) position.seq = one->seq;
  } else if (const auto* replayed = std::get_if<live>(&got)) {
    position.seq = replayed->seq;
  } else if (const auto* missed = std::get_if<gap>(&got)) {
    position.seq = missed->last;
    if (!missed->epoch.empty()) position.epoch = missed->epoch;
  }
}

}  // namespace

session::session(session_options options)
    : options_(std::move(options)),
      random_(options_.seed),
      delay_(first_delay),
      last_end_{failure_kind::not_connected, "connect() has not been called", std::nullopt} {
  random_.discard(8);  // the first numbers of neighbouring seeds are neighbours
  if (options_.reconnect) attempt_at_ = time_point{};
}

// ---- requests

failure session::not_connected() const {
  return {failure_kind::not_connected, "there is no connection to the daemon: " + last_end_.text, std::nullopt};
}

// The id that a subscription has on this connection.
request_id session::current(request_id made) const {
  const auto found = subscriptions_.find(made);
  return found == subscriptions_.end() ? made : found->second.current;
}

outcome<request_id> session::noted(const outcome<request_id>& request, asked what) {
  if (!request) return request.error();
  last_id_ = *request;
  open_.emplace(*request, std::move(what));
  return *request;
}

outcome<request_id> session::subscribe(const filter& wanted, const beginning& from) {
  request_id made = last_id_ + 1;
  if (is_connected()) {
    const auto request = core_->subscribe(wanted, from);
    if (!request) return request.error();
    made = *request;
    open_[made] = {.subscription = made, .begins = subscriptions_.empty() && from.since};
  } else if (!options_.reconnect) {
    return not_connected();
  } else {
    // A connection that is never used says whether this can be asked for.
    if (const auto request = connection{}.subscribe(wanted, from); !request) return request.error();
  }
  last_id_ = made;
  if (subscriptions_.empty()) {
    begun_ = begun_ && is_connected();
    led_astray_ = false;
    since_ = from.since;
    slow_ = from.slow;
    snapshot_ = from.snapshot;
    // The connection may end before it is granted; nothing from there on has been handed out.
    if (since_ && !begun_) begin_at(*since_);
  }
  more_ = from.more;
  subscriptions_[made] = {wanted, from, made};
  return made;
}

outcome<request_id> session::replace(request_id subscription, const filter& wanted) {
  if (is_connected()) {
    return noted(core_->replace(current(subscription), wanted), {.subscription = subscription, .replaced = wanted});
  }
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return not_connected();
  if (const auto request = connection{}.replace(subscription, wanted); !request) return request.error();
  found->second.wanted = wanted;
  return ++last_id_;
}

outcome<request_id> session::unsubscribe(request_id subscription) {
  const auto id = current(subscription);
  const bool known = subscriptions_.erase(subscription) != 0;
  if (is_connected()) return noted(core_->unsubscribe(id), {});
  if (!known) return not_connected();
  return ++last_id_;
}

outcome<request_id> session::join(std::string_view room, milliseconds deadline) {
  if (is_connected()) {
    // A refusal lets go of no room that is held already.
    const std::string added{rooms_.contains(room) ? std::string_view{} : room};
    auto request = noted(core_->join(room, deadline), {.room = added});
    if (request) rooms_.emplace(room);
    return request;
  }
  if (!options_.reconnect) return not_connected();
  if (const auto request = connection{}.join(room, deadline); !request) return request.error();
  rooms_.emplace(room);
  return ++last_id_;
}

outcome<request_id> session::leave(std::string_view room) {
  const auto found = rooms_.find(room);
  const bool known = found != rooms_.end();
  if (known) rooms_.erase(found);
  if (is_connected()) return noted(core_->leave(room), {});
  if (!known) return not_connected();
  return ++last_id_;
}

outcome<request_id> session::emit(const emission& what) {
  if (!is_connected()) return not_connected();
  return noted(core_->emit(what), {});
}

outcome<request_id> session::call(std::string_view method, std::string_view params) {
  if (!is_connected()) return not_connected();
  return noted(core_->call(method, params), {});
}

// ---- acknowledgements

std::optional<failure> session::ack_fault(const log_position& position) const {
  if (options_.subscriber.empty()) {
    return invalid("only a named subscriber acknowledges: give the client a name with the option `subscriber`");
  }
  if (subscriptions_.empty()) return invalid("there is nothing to acknowledge before the first subscription");
  if (!proto::is_epoch(position.epoch)) return invalid("an epoch has 16 lower-case hex digits");
  return std::nullopt;
}

std::optional<failure> session::ack(const std::optional<log_position>& position) {
  // Nothing of the stream has been handed out yet.
  if (!position && !begun_ && !subscriptions_.empty() && !options_.subscriber.empty()) return std::nullopt;
  const auto& handled = position ? *position : position_;
  if (auto wrong = ack_fault(handled)) return wrong;
  // It never moves backwards.
  if (!covers(ack_wanted_ ? *ack_wanted_ : acked_, handled)) ack_wanted_ = handled;
  return std::nullopt;
}

outcome<request_id> session::ack_wait(const std::optional<log_position>& position) {
  const auto& handled = position ? *position : position_;
  if (auto wrong = ack_fault(handled)) return *std::move(wrong);
  if (!is_connected()) return not_connected();
  if (ack_wanted_ && covers(handled, *ack_wanted_)) ack_wanted_.reset();
  return noted(core_->ack(handled), {});
}

void session::send_ack(time_point now) {
  if (!ack_wanted_ || !is_connected() || now < ack_at_ || open_acks_ >= most_open_acks) return;
  acked_ = *std::exchange(ack_wanted_, std::nullopt);
  if (!noted(core_->ack(acked_), {.ack = true})) return;
  ++open_acks_;
  ack_at_ = now + ack_interval;
}

void session::finish() {
  ack_at_ = {};
  send_ack({});
}

// ---- messages

void session::keep(message what) {
  const bool placed = has_place(what);
  cut_ = cut_ || (placed && inbox_is_full() && awaited_ && can_cut());
  if (placed && cut_) return;
  if (placed) {
    advance(received_, what);
    ++placed_;
  }
  inbox_bytes_ += cost_of(what);
  inbox_.push_back({std::move(what), std::exchange(begins_, std::nullopt)});
}

std::optional<message> session::next() {
  if (inbox_.empty()) return std::nullopt;
  kept first = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= cost_of(first.what);
  if (first.begins) position_ = *std::move(first.begins);
  if (has_place(first.what)) {
    advance(position_, first.what);
    --placed_;
  }
  return std::move(first.what);
}

// What comes from now on comes behind this position; the program is there when it has taken what came before.
void session::begin_at(log_position position) {
  if (placed_ == 0) {
    position_ = position;
  } else {
    begins_ = position;
  }
  received_ = std::move(position);
}

// Where the stream begins that goes on from no other.
log_position session::beginning_place() const {
  if (!subscriptions_.empty() && since_) return *since_;
  return daemon_.position.value_or(log_position{daemon_.epoch, daemon_.newest});
}

void session::await(request_id request) {
  awaited_ = request;
  answer_.reset();
}

std::optional<answer> session::take_answer() {
  return std::exchange(answer_, std::nullopt);
}

// ---- connections

void session::demand_attempt(time_point now) {
  if (is_open()) return;
  attempt_at_ = now;
}

bool session::wants_renewal() const {
  // Answers that are still to come would be lost with the connection; rooms are asked for again on the next one.
  const bool owes = std::any_of(open_.begin(), open_.end(), [](const auto& each) {
    const asked& what = each.second;
    return !what.ack && !(what.again && !what.room.empty());
  });
  return cut_ && inbox_.empty() && is_connected() && !owes;
}

void session::renew(time_point now) {
  finish();
  renewing_ = true;
  greet_by_ = now + options_.timeout;
}

void session::begin(time_point now) {
  cut_ = false;
  core_.emplace(options_.name, last_id_, options_.subscriber);
  attempt_at_.reset();
  greet_by_ = now + options_.timeout;
  last_end_ = {failure_kind::timeout, "the daemon accepted the connection but has not answered HELLO", std::nullopt};
}

void session::attempt_failed(const failure& why, bool sensible, time_point now) {
  renewing_ = false;
  end(why, sensible, now);
}

void session::receive(std::span<const std::byte> bytes, time_point now) {
  if (!is_open()) return;
  core_->receive(bytes);
  while (auto got = core_->next()) take_in(*std::move(got), now);
}

void session::receive_end(std::string_view text, time_point now) {
  if (!is_open()) return;
  core_->receive_end(text);
  while (auto got = core_->next()) take_in(*std::move(got), now);
}

void session::tick(time_point now) {
  if (is_open() && !is_connected() && now >= greet_by_) {
    const std::string late = renewing_ && cut_ ? "the daemon did not end a connection that was to be renewed within "
                                               : "the daemon accepted the connection but did not answer HELLO within ";
    core_.reset();
    renewing_ = false;
    end({failure_kind::timeout, late + std::to_string(options_.timeout.count()) + " ms", std::nullopt}, true, now);
  }
  send_ack(now);
}

std::optional<session::time_point> session::due() const {
  if (!is_open()) return attempt_at_;
  if (!is_connected()) return greet_by_;
  if (ack_wanted_ && open_acks_ < most_open_acks) return ack_at_;
  return std::nullopt;
}

void session::take_in(message got, time_point now) {
  if (auto* ended = std::get_if<closed>(&got)) return on_end(*ended, now);
  if (cut_ && renewing_) return;
  if (const auto* greeting = std::get_if<welcome>(&got)) return on_welcome(*greeting, now);
  if (!core_->welcomed()) return;  // ERROR and BYE instead of WELCOME: `closed` repeats their reason
  if (auto* answered = std::get_if<answer>(&got)) return on_answer(std::move(*answered));
  if (auto* error = std::get_if<protocol_error>(&got)) return on_error(std::move(*error));
  if (std::holds_alternative<live>(got) && !cut_) snapshot_ = false;
  keep(std::move(got));
}

void session::on_welcome(const welcome& greeting, time_point now) {
  daemon_ = greeting;
  up_since_ = now;
  told_.clear();
  if (subscriptions_.empty()) begun_ = false;
  if (!begun_) begin_at(beginning_place());
  if (!std::exchange(renewing_, false)) keep(greeting);
  ask_for_all();
}

// Again, on a new connection. What was refused comes last: the first one that is granted says where the stream begins.
void session::ask_for_all() {
  led_astray_ = false;
  auto left = subscriptions_.size();
  for (const bool refused : {false, true}) {
    for (auto& [id, made] : subscriptions_) {
      if (made.refused != refused) continue;
      beginning from;
      const bool begins = left == subscriptions_.size();
      if (begins) from = {.since = begun_ ? received_ : since_, .slow = slow_, .snapshot = snapshot_};
      from.more = --left > 0 || more_;
      const asked what{.subscription = id, .again = true, .begins = begins};
      if (const auto request = noted(core_->subscribe(made.wanted, from), what)) made.current = *request;
    }
  }
  for (const auto& room : rooms_) (void)noted(core_->join(room), {.room = room, .again = true});
}

void session::on_answer(answer got) {
  const auto found = open_.find(got.id);
  if (found == open_.end()) return keep(std::move(got));
  const asked what = std::move(found->second);
  open_.erase(found);
  const auto about = subscriptions_.find(what.subscription);
  const bool known = about != subscriptions_.end() && about->second.refused;  // and told
  settle(what, got);
  if (what.ack) --open_acks_;
  if (awaited_ == got.id) {
    awaited_.reset();
    answer_ = std::move(got);
  } else if (what.again) {
    if (got.ok() || known) return;
    protocol_error refused{*std::move(got.error)};
    if (what.subscription != 0) refused.subscription = what.subscription;
    refused.room = what.room;
    keep(std::move(refused));
  } else if (!what.ack || !got.ok()) {
    keep(std::move(got));
  }
}

// What the answer to a request changes in what is wanted.
void session::settle(const asked& what, const answer& got) {
  const auto made = subscriptions_.find(what.subscription);
  if (!got.ok()) {
    // What is asked for again was granted once, and may be so another time.
    if (what.again && made != subscriptions_.end()) made->second.refused = true;
    led_astray_ = led_astray_ || what.begins;
    if (what.again || what.replaced) return;
    if (made != subscriptions_.end()) subscriptions_.erase(made);
    if (!what.room.empty()) rooms_.erase(what.room);
    return;
  }
  if (made == subscriptions_.end()) return;
  if (what.replaced) {
    made->second.wanted = *what.replaced;
    made->second.current = got.id;
    return;
  }
  made->second.refused = false;
  if (!std::exchange(begun_, true)) begin_at(beginning_place());
  // The stream has begun, and not where it was to: on the next connection it does.
  cut_ = (std::exchange(led_astray_, false) && options_.reconnect) || cut_;
}

// `revoked` names a subscription as this connection does; the program knows it by its first id.
void session::on_error(protocol_error got) {
  if (got.subscription) {
    const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                    [&](const auto& each) { return each.second.current == *got.subscription; });
    if (found != subscriptions_.end()) got.subscription = found->first;
  }
  keep(std::move(got));
}

void session::on_end(const closed& how, time_point now) {
  if (core_->welcomed()) {
    told_.clear();
    if (now - up_since_ >= longest_delay) delay_ = first_delay;
  }
  for (auto& [id, what] : open_) {
    const auto made = subscriptions_.find(what.subscription);
    if (what.replaced && made != subscriptions_.end()) made->second.wanted = *std::move(what.replaced);
  }
  open_.clear();
  // The next connection says again what this one may not have got.
  if (std::exchange(open_acks_, 0) > 0 && !ack_wanted_) ack_wanted_ = acked_;
  acked_ = {};
  awaited_.reset();
  if (cut_ && renewing_) {
    attempt_at_ = now;
  } else {
    renewing_ = false;
    end(how.why, how.reconnect, now);
  }
}

// Schedules the next attempt, if there is to be one. That attempt after attempt fails for one reason is told once.
void session::end(const failure& why, bool sensible, time_point now) {
  closed how{why, sensible, std::nullopt};
  if (options_.reconnect && sensible) {
    const auto half = delay_.count() / 2;
    const auto drawn = std::uniform_int_distribution<milliseconds::rep>{half, delay_.count()}(random_);
    how.retry_in = milliseconds{drawn};
    attempt_at_ = now + *how.retry_in;
    delay_ = std::min(2 * delay_, longest_delay);
  } else {
    attempt_at_.reset();
  }
  last_end_ = why;
  const bool is_news = !how.retry_in || why.text != told_;
  told_ = why.text;
  if (is_news) keep(std::move(how));
}

}  // namespace roombridge
