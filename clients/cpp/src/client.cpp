// SPDX-License-Identifier: MIT
#include <roombridge/client.hpp>

#include <cassert>
#include <cstdlib>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "socket.hpp"

namespace roombridge {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_delay{250};
constexpr milliseconds longest_delay{5000};

deadline in(milliseconds duration) {
  return clock::now() + duration;
}

failure late(std::string what, milliseconds after) {
  return {failure_kind::timeout, std::move(what) + " within " + std::to_string(after.count()) + " ms", std::nullopt};
}

}  // namespace

std::string default_socket_path() {
  const char* set = std::getenv("ROOMBRIDGE_SOCKET");
  return set != nullptr && *set != '\0' ? set : "/run/roombridge/roombridge.sock";
}

class client::impl {
 public:
  explicit impl(client_options options) : options_(std::move(options)) { drop(); }

  std::optional<failure> connect(milliseconds timeout);
  std::optional<failure> greet(milliseconds timeout);
  outcome<request_id> subscribe(const filter& wanted);
  std::optional<failure> unsubscribe(request_id subscription);
  outcome<answer> finish(const outcome<request_id>& request, milliseconds timeout);
  std::optional<message> next(const deadline& until);
  std::optional<message> try_next();
  void read();
  void write();

  client_options options_;
  unix_socket socket_;
  connection core_;
  welcome daemon_;

 private:
  struct subscription {
    filter wanted;
    request_id current = 0;  // its id on this connection
  };

  void drop();
  bool pump(const deadline& until);
  bool come_back(const deadline& until);
  void subscribe_again();

  std::deque<message> kept_;
  std::map<request_id, subscription> subscriptions_;
  std::set<request_id> unasked_;  // requests of subscribe_again(): the program does not expect their answers
  closed last_end_{{failure_kind::not_connected, "connect() has not been called or has failed", std::nullopt}, true};
  milliseconds delay_ = first_delay;
  clock::time_point attempt_at_{};
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65'536);
};

// Ends what there is without a message of it. Invariant: without a living socket the core is closed, so that nothing
// waits for it.
void client::impl::drop() {
  socket_.close();
  core_.receive_end("given up");
  while (core_.next()) continue;
}

std::optional<failure> client::impl::connect(milliseconds timeout) {
  const auto path = options_.socket.empty() ? default_socket_path() : options_.socket;
  if (auto failed = socket_.connect(path, timeout)) {
    drop();
    return failed;
  }
  return greet(timeout);
}

std::optional<failure> client::impl::greet(milliseconds timeout) {
  core_ = connection{options_.name, core_.last_id()};
  unasked_.clear();
  const auto until = in(timeout);
  for (;;) {
    while (auto got = core_.next()) {
      if (const auto* ended = std::get_if<closed>(&*got)) {
        last_end_ = *ended;
        return ended->why;
      }
      const auto* welcomed = std::get_if<welcome>(&*got);
      if (welcomed == nullptr) continue;  // ERROR and BYE: `closed` repeats their reason
      daemon_ = *welcomed;
      return std::nullopt;
    }
    if (pump(until)) continue;
    drop();
    return late("the daemon accepted the connection but did not answer HELLO", timeout);
  }
}

void client::impl::read() {
  if (core_.is_closed()) return;
  const auto count = socket_.read(buffer_);
  if (count) {
    core_.receive(std::span{buffer_}.first(*count));
    write();  // a PONG, perhaps
  } else {
    core_.receive_end(socket_.end_text());
  }
  if (core_.is_closed()) socket_.shut_down();
}

void client::impl::write() {
  while (!core_.is_closed() && !core_.output().empty()) {
    const auto count = socket_.write(core_.output());
    // What the daemon said before it closed is still to be read, and reading will find the end.
    if (!count) return core_.sent(core_.output().size());
    if (*count == 0) return;
    core_.sent(*count);
  }
}

bool client::impl::pump(const deadline& until) {
  write();
  if (core_.is_closed()) return false;
  if (!socket_.wait(!core_.output().empty(), until)) return false;
  write();
  read();
  return true;
}

std::optional<message> client::impl::try_next() {
  for (;;) {
    std::optional<message> got;
    if (!kept_.empty()) {
      got = std::move(kept_.front());
      kept_.pop_front();
    } else {
      got = core_.next();
    }
    if (!got) return got;
    if (const auto* ended = std::get_if<closed>(&*got)) {
      last_end_ = *ended;
      attempt_at_ = clock::now() + delay_;
    }
    const auto* answered = std::get_if<answer>(&*got);
    const bool expected = answered == nullptr || unasked_.erase(answered->id) == 0 || !answered->ok();
    if (expected) return got;
  }
}

std::optional<message> client::impl::next(const deadline& until) {
  for (;;) {
    if (auto got = try_next()) return got;
    if (!core_.is_closed()) {
      if (!pump(until)) return try_next();
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
  if (connect(options_.timeout)) {
    delay_ = std::min(2 * delay_, longest_delay);
    attempt_at_ = clock::now() + delay_;
    return true;
  }
  delay_ = first_delay;
  kept_.emplace_front(daemon_);
  subscribe_again();
  return true;
}

void client::impl::subscribe_again() {
  for (auto& [id, made] : subscriptions_) {
    const auto request = core_.subscribe(made.wanted);
    if (!request) continue;  // the connection is over again: the next one will do it
    made.current = *request;
    unasked_.insert(*request);
  }
  write();
}

outcome<answer> client::impl::finish(const outcome<request_id>& request, milliseconds timeout) {
  if (!request) return request.error();
  const auto until = in(timeout);
  for (;;) {
    while (auto got = core_.next()) {
      if (auto* answered = std::get_if<answer>(&*got); answered != nullptr && answered->id == *request) {
        return std::move(*answered);
      }
      kept_.push_back(std::move(*got));
      if (const auto* ended = std::get_if<closed>(&kept_.back())) return ended->why;
    }
    if (!pump(until) && !core_.is_closed()) return late("the daemon did not answer", timeout);
  }
}

outcome<request_id> client::impl::subscribe(const filter& wanted) {
  const auto got = finish(core_.subscribe(wanted), options_.timeout);
  if (!got) return got.error();
  if (!got->ok())
    return failure{failure_kind::refused, "the daemon refused the subscription: " + got->error->text, got->error};
  subscriptions_[got->id] = {wanted, got->id};
  return got->id;
}

std::optional<failure> client::impl::unsubscribe(request_id made) {
  const auto found = subscriptions_.find(made);
  const auto current = found == subscriptions_.end() ? made : found->second.current;
  const auto got = finish(core_.unsubscribe(current), options_.timeout);
  if (!got) return got.error();
  if (!got->ok()) return failure{failure_kind::refused, got->error->text, got->error};
  subscriptions_.erase(made);
  return std::nullopt;
}

client::client(client_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

std::optional<failure> client::connect() {
  return impl_->connect(impl_->options_.timeout);
}

std::optional<failure> client::connect_over(int fd) {
  impl_->socket_.adopt(fd);
  return impl_->greet(impl_->options_.timeout);
}

const welcome& client::daemon() const {
  return impl_->daemon_;
}

outcome<request_id> client::subscribe(const filter& wanted) {
  return impl_->subscribe(wanted);
}

std::optional<failure> client::unsubscribe(request_id subscription) {
  return impl_->unsubscribe(subscription);
}

outcome<answer> client::emit(const emission& what) {
  const auto allowed = impl_->options_.timeout + (what.ack ? what.deadline : milliseconds{0});
  return impl_->finish(impl_->core_.emit(what), allowed);
}

outcome<answer> client::call(std::string_view method, std::string_view params) {
  return impl_->finish(impl_->core_.call(method, params), impl_->options_.timeout);
}

std::optional<message> client::next(std::optional<milliseconds> timeout) {
  return impl_->next(timeout ? in(*timeout) : deadline{});
}

int client::native_handle() const {
  return impl_->socket_.fd();
}
void client::on_readable() {
  impl_->read();
}
void client::on_writable() {
  impl_->write();
}
bool client::wants_write() const {
  return !impl_->core_.output().empty();
}
std::optional<message> client::try_next() {
  return impl_->try_next();
}
connection& client::core() {
  return impl_->core_;
}

}  // namespace roombridge
