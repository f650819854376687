// SPDX-License-Identifier: MIT
#include <roombridge/client.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <roombridge/proto/json_text.hpp>

#include "channel.hpp"

namespace roombridge {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_delay{250};
constexpr milliseconds longest_delay{5000};
constexpr milliseconds shortest_attempt{100};  // who only looks in (a timeout of 0) has to get through, too

deadline in(milliseconds duration) {
  return clock::now() + duration;
}

failure unanswered(milliseconds after) {
  return {failure_kind::timeout, "the daemon did not answer within " + std::to_string(after.count()) + " ms",
          std::nullopt, true};
}

failure refusal(const error_info& error) {
  return {failure_kind::refused, "the daemon refused it: " + error.text, error};
}

}  // namespace

std::string default_socket_path() {
  const char* set = std::getenv("ROOMBRIDGE_SOCKET");
  return set != nullptr && *set != '\0' ? set : "/run/roombridge/roombridge.sock";
}

class client::impl {
 public:
  explicit impl(client_options options) : options_(std::move(options)) {}

  std::optional<failure> connect(milliseconds timeout);
  std::optional<failure> adopt(int fd);
  outcome<request_id> subscribe(const filter& wanted, const beginning& from);
  std::optional<failure> replace(request_id made, const filter& wanted);
  std::optional<failure> unsubscribe(request_id made);
  outcome<room_state> join(std::string_view room, milliseconds patience);
  std::optional<failure> leave(std::string_view room);
  outcome<bool> ack(const log_position& position);
  outcome<answer> finish(const outcome<request_id>& request, milliseconds timeout);
  std::optional<message> next(const deadline& until);
  std::optional<message> try_next();

  // A connection begins that goes on from no other.
  void start_anew() {
    position_ = {channel_.daemon().epoch, channel_.daemon().newest};
    begun_ = false;
  }

  const client_options options_;
  channel channel_;
  log_position position_;

 private:
  struct subscription {
    filter wanted;
    request_id current = 0;  // its id on this connection
  };

  [[nodiscard]] request_id current(request_id made) const;
  [[nodiscard]] introduction self() const { return {options_.name, options_.subscriber}; }
  [[nodiscard]] std::optional<failure> name_fault() const;
  bool come_back(const deadline& until);
  void ask_again();
  std::optional<message> take();
  bool is_wanted(const message& got);
  void advance(const message& got);

  std::deque<message> kept_;  // what came while a request waited for its answer
  std::map<request_id, subscription> subscriptions_;
  slow_policy slow_ = slow_policy::gap;
  bool begun_ = false;  // the connection has had a subscription
  std::set<std::string, std::less<>> rooms_;
  std::set<request_id> unasked_;  // requests of ask_again(): the program does not expect their answers
  closed last_end_{{failure_kind::not_connected, "connect() has not been called or has failed", std::nullopt}, true};
  milliseconds delay_ = first_delay;
  clock::time_point attempt_at_{};
};

std::optional<failure> client::impl::name_fault() const {
  const std::string& name = options_.subscriber;
  if (name.empty() || (proto::is_valid_subscriber_name(name) && proto::is_utf8(name))) return std::nullopt;
  return failure{failure_kind::invalid_argument,
                 "no subscriber has such a name: 1 to 64 bytes of UTF-8 without control characters", std::nullopt};
}

std::optional<failure> client::impl::connect(milliseconds timeout) {
  if (auto wrong = name_fault()) return wrong;
  unasked_.clear();
  return channel_.open(options_.socket.empty() ? default_socket_path() : options_.socket, self(), timeout);
}

std::optional<failure> client::impl::adopt(int fd) {
  if (auto wrong = name_fault()) return wrong;
  return channel_.adopt(fd, self(), options_.timeout);
}

std::optional<message> client::impl::take() {
  if (kept_.empty()) return channel_.core().next();
  std::optional<message> first{std::move(kept_.front())};
  kept_.pop_front();
  return first;
}

bool client::impl::is_wanted(const message& got) {
  if (const auto* ended = std::get_if<closed>(&got)) {
    last_end_ = *ended;
    attempt_at_ = clock::now() + delay_;
  }
  const auto* answered = std::get_if<answer>(&got);
  return answered == nullptr || unasked_.erase(answered->id) == 0 || !answered->ok();
}

std::optional<message> client::impl::try_next() {
  auto got = take();
  while (got && !is_wanted(*got)) got = take();
  if (got) advance(*got);
  return got;
}

void client::impl::advance(const message& got) {
  if (const auto* one = std::get_if<event>(&got)) {
    if (!one->retained) position_.seq = one->seq;
  } else if (const auto* replayed = std::get_if<live>(&got)) {
    position_.seq = replayed->seq;
  } else if (const auto* missed = std::get_if<gap>(&got)) {
    position_.seq = missed->last;
    if (!missed->epoch.empty()) position_.epoch = missed->epoch;
  }
}

std::optional<message> client::impl::next(const deadline& until) {
  for (;;) {
    if (auto got = try_next()) return got;
    if (!channel_.core().is_closed()) {
      if (!channel_.pump(until)) return std::nullopt;
    } else if (!options_.reconnect || !last_end_.reconnect) {
      return last_end_;
    } else if (!come_back(until)) {
      return std::nullopt;
    }
  }
}

// One attempt to connect again, when its time has come. False: `until` came first.
bool client::impl::come_back(const deadline& until) {
  if (until && *until < attempt_at_) {
    std::this_thread::sleep_until(*until);
    return false;
  }
  std::this_thread::sleep_until(attempt_at_);
  auto allowed = options_.timeout;
  if (until) {
    const auto left = std::chrono::ceil<milliseconds>(*until - clock::now());
    allowed = std::min(allowed, std::max(left, shortest_attempt));
  }
  if (connect(allowed)) {
    delay_ = std::min(2 * delay_, longest_delay);
    attempt_at_ = clock::now() + delay_;
    return true;
  }
  delay_ = first_delay;
  kept_.emplace_front(channel_.daemon());
  ask_again();
  return true;
}

void client::impl::ask_again() {
  begun_ = !subscriptions_.empty();
  beginning from{.since = position_, .slow = slow_};
  for (auto left = subscriptions_.size(); auto& [id, made] : subscriptions_) {
    from.more = --left > 0;
    const auto request = channel_.core().subscribe(made.wanted, from);
    from.since.reset();
    from.slow = slow_policy::gap;
    if (!request) continue;  // the connection is over again: the next one will do it
    made.current = *request;
    unasked_.insert(*request);
  }
  for (const auto& room : rooms_) {
    if (const auto request = channel_.core().join(room)) unasked_.insert(*request);
  }
  channel_.write();
}

outcome<answer> client::impl::finish(const outcome<request_id>& request, milliseconds timeout) {
  if (!request) return request.error();
  const auto until = in(timeout);
  for (;;) {
    while (auto got = channel_.core().next()) {
      auto* answered = std::get_if<answer>(&*got);
      if (answered != nullptr && answered->id == *request) return std::move(*answered);
      kept_.push_back(std::move(*got));
      if (const auto* ended = std::get_if<closed>(&kept_.back())) {
        auto why = ended->why;
        why.sent = true;
        return why;
      }
    }
    if (!channel_.pump(until)) return unanswered(timeout);
  }
}

outcome<request_id> client::impl::subscribe(const filter& wanted, const beginning& from) {
  const auto got = finish(channel_.core().subscribe(wanted, from), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  const bool first = !std::exchange(begun_, true);
  if (from.since) {
    position_ = *from.since;
  } else if (const auto& kept = channel_.daemon().position; first && kept) {
    position_ = *kept;
  }
  if (subscriptions_.empty()) slow_ = from.slow;
  subscriptions_[got->id] = {wanted, got->id};
  return got->id;
}

outcome<bool> client::impl::ack(const log_position& position) {
  const auto got = finish(channel_.core().ack(position), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  return got->durable.value_or(false);
}

// The id that a subscription has on this connection.
request_id client::impl::current(request_id made) const {
  const auto found = subscriptions_.find(made);
  return found == subscriptions_.end() ? made : found->second.current;
}

std::optional<failure> client::impl::replace(request_id made, const filter& wanted) {
  const auto got = finish(channel_.core().replace(current(made), wanted), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  subscriptions_[made] = {wanted, got->id};
  return std::nullopt;
}

std::optional<failure> client::impl::unsubscribe(request_id made) {
  const auto got = finish(channel_.core().unsubscribe(current(made)), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  subscriptions_.erase(made);
  return std::nullopt;
}

outcome<room_state> client::impl::join(std::string_view room, milliseconds patience) {
  const auto got = finish(channel_.core().join(room, patience), options_.timeout + patience);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  rooms_.emplace(room);
  return got->state;
}

std::optional<failure> client::impl::leave(std::string_view room) {
  if (const auto found = rooms_.find(room); found != rooms_.end()) rooms_.erase(found);
  const auto got = finish(channel_.core().leave(room), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  return std::nullopt;
}

client::client(client_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

std::optional<failure> client::connect() {
  auto failed = impl_->connect(impl_->options_.timeout);
  if (!failed) impl_->start_anew();
  return failed;
}

std::optional<failure> client::connect_over(int fd) {
  auto failed = impl_->adopt(fd);
  if (!failed) impl_->start_anew();
  return failed;
}

const log_position& client::position() const {
  return impl_->position_;
}

const welcome& client::daemon() const {
  return impl_->channel_.daemon();
}

outcome<request_id> client::subscribe(const filter& wanted, const beginning& from) {
  return impl_->subscribe(wanted, from);
}

std::optional<failure> client::replace(request_id subscription, const filter& wanted) {
  return impl_->replace(subscription, wanted);
}

outcome<bool> client::ack(const std::optional<log_position>& position) {
  return impl_->ack(position.value_or(impl_->position_));
}

std::optional<failure> client::unsubscribe(request_id subscription) {
  return impl_->unsubscribe(subscription);
}

outcome<room_state> client::join(std::string_view room, milliseconds patience) {
  return impl_->join(room, patience);
}

std::optional<failure> client::leave(std::string_view room) {
  return impl_->leave(room);
}

outcome<answer> client::emit(const emission& what) {
  return impl_->finish(core().emit(what), impl_->options_.timeout + what.deadline);
}

outcome<answer> client::call(std::string_view method, std::string_view params) {
  return impl_->finish(core().call(method, params), impl_->options_.timeout);
}

std::optional<message> client::next(std::optional<milliseconds> timeout) {
  return impl_->next(timeout ? in(*timeout) : deadline{});
}

int client::native_handle() const {
  return impl_->channel_.fd();
}
void client::on_readable() {
  impl_->channel_.read();
}
void client::on_writable() {
  impl_->channel_.write();
}
bool client::wants_write() const {
  return !impl_->channel_.core().output().empty();
}
std::optional<message> client::try_next() {
  return impl_->try_next();
}
connection& client::core() {
  return impl_->channel_.core();
}

}  // namespace roombridge
