// SPDX-License-Identifier: MIT
#include <roombridge/client.hpp>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <roombridge/proto/json_text.hpp>
#include <roombridge/proto/printable.hpp>

#include "socket.hpp"
#include "waker.hpp"

namespace roombridge {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds full_backlog_pause{20};

deadline in(milliseconds duration) {
  return clock::now() + duration;
}

failure with_sent(failure why) {
  why.sent = true;
  return why;
}

failure refusal(const error_info& error) {
  return {failure_kind::refused, "the daemon refused it: " + proto::printable(error.text), error};
}

failure stopped() {
  return {failure_kind::stopped, "stop() was called", std::nullopt};
}

// Programs that lose one daemon at the same time do not come back in step.
std::uint32_t seed() {
  return static_cast<std::uint32_t>(clock::now().time_since_epoch().count()) ^ static_cast<std::uint32_t>(::getpid());
}

session make_session(const client_options& options, bool reconnect) {
  return session{{.name = options.name,
                  .subscriber = options.subscriber,
                  .timeout = options.timeout,
                  .reconnect = reconnect,
                  .inbox_limit = options.inbox_limit,
                  .seed = seed()}};
}

}  // namespace

std::string default_socket_path() {
  const char* set = std::getenv("ROOMBRIDGE_SOCKET");
  return set != nullptr && *set != '\0' ? set : "/run/roombridge/roombridge.sock";
}

class client::impl {
 public:
  explicit impl(client_options options)
      : options_(std::move(options)),
        path_(options_.socket.empty() ? default_socket_path() : options_.socket),
        session_(make_session(options_, options_.reconnect)) {}
  ~impl() {
    session_->finish();
    write();
  }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  std::optional<failure> connect();
  std::optional<failure> adopt(int fd);
  outcome<request_id> subscribe(const filter& wanted, const beginning& from);
  outcome<answer> ask(milliseconds timeout, const std::function<outcome<request_id>()>& request);
  // The same for what may be said without a connection: nothing when it is remembered.
  outcome<std::optional<answer>> wish(milliseconds timeout, const std::function<outcome<request_id>()>& request);
  std::optional<message> next(const deadline& until, const std::stop_token* token);
  std::optional<message> try_next();
  void flush();

  const client_options options_;
  const std::string path_;
  waker waker_;

  [[nodiscard]] session& core() { return *session_; }
  [[nodiscard]] int fd() const { return session_->is_open() ? socket_.fd() : -1; }
  [[nodiscard]] short events() const;

 private:
  [[nodiscard]] std::optional<failure> fault() const;
  [[nodiscard]] failure full(bool sent) const;
  void step();
  void attempt(clock::time_point now);
  void renew(clock::time_point now);
  void read();
  void write();
  waited wait(const deadline& until) const;
  void notice_end();
  std::optional<failure> greet();
  std::optional<failure> await_connection(const deadline& until);
  outcome<answer> await_answer(request_id request, milliseconds timeout);

  std::optional<session> session_;
  unix_socket socket_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65'536);
};

// ---- the socket

// What no attempt could mend.
std::optional<failure> client::impl::fault() const {
  const std::string& name = options_.subscriber;
  if (!name.empty() && !(proto::is_valid_subscriber_name(name) && proto::is_utf8(name))) {
    return failure{failure_kind::invalid_argument,
                   "no subscriber has such a name: 1 to 64 bytes of UTF-8 without control characters", std::nullopt};
  }
  return path_fault(path_);
}

// All that can be done without waiting.
void client::impl::step() {
  const auto now = clock::now();
  const bool was_open = session_->is_open();
  session_->tick(now);
  if (was_open && !session_->is_open()) socket_.shut_down();
  if (session_->wants_renewal()) renew(now);
  if (session_->attempt_is_due(now)) attempt(now);
  write();
  if (session_->wants_bytes()) read();
}

void client::impl::attempt(clock::time_point now) {
  if (const auto wrong = fault()) return session_->attempt_failed(*wrong, false, now);
  if (const auto failed = socket_.connect(path_)) return session_->attempt_failed(*failed, true, now);
  session_->begin(now);
}

void client::impl::renew(clock::time_point now) {
  session_->renew(now);
  write();
  socket_.end_writing();
}

void client::impl::read() {
  if (const auto count = socket_.read(buffer_)) {
    session_->receive(std::span{buffer_}.first(*count), clock::now());
    write();  // a PONG, or what a new connection is asked for
  } else {
    session_->receive_end(socket_.end_text(), clock::now());
  }
  // It stays open until the next attempt: an event loop may still know its number.
  if (!session_->is_open()) socket_.shut_down();
}

void client::impl::write() {
  while (session_->is_open() && !session_->output().empty()) {
    const auto count = socket_.write(session_->output());
    // What the daemon said before it closed is still to be read, and reading will find the end.
    if (!count) return session_->sent(session_->output().size());
    if (*count == 0) return;
    session_->sent(*count);
  }
}

short client::impl::events() const {
  if (!session_->is_open()) return 0;
  return static_cast<short>((session_->wants_bytes() ? POLLIN : 0) | (session_->output().empty() ? 0 : POLLOUT));
}

waited client::impl::wait(const deadline& until) const {
  const auto due = session_->due();
  const auto first = until && due ? std::min(*until, *due) : until ? until : due;
  const auto ended = wait_for(fd(), events(), waker_.fd(), first);
  if (ended == waited::ready) waker_.rest();
  return ended;
}

// A connection that has ended while nobody looked is not to be asked anything.
void client::impl::notice_end() {
  if (!session_->is_open() || !socket_.is_hung_up()) return;
  while (session_->wants_bytes()) step();
}

// ---- connecting

std::optional<failure> client::impl::connect() {
  if (!options_.reconnect) session_.emplace(make_session(options_, false));
  session_->demand_attempt(clock::now());
  const auto until = in(options_.timeout);
  // A daemon that is behind with accepting may come to it in a moment.
  for (auto wrong = fault(); !wrong && session_->attempt_is_due(clock::now());) {
    const auto failed = socket_.connect(path_);
    if (!failed) {
      session_->begin(clock::now());
    } else if (failed->kind != failure_kind::timeout || clock::now() >= *until || waker_.is_stopped()) {
      session_->attempt_failed(*failed, true, clock::now());
    } else {
      (void)wait_for(-1, 0, waker_.fd(), in(full_backlog_pause));
    }
  }
  return greet();
}

std::optional<failure> client::impl::adopt(int fd) {
  session_.emplace(make_session(options_, false));
  socket_.adopt(fd);
  if (auto wrong = fault()) return wrong;
  session_->begin(clock::now());
  return greet();
}

// Waits for WELCOME, which has its deadline.
std::optional<failure> client::impl::greet() {
  if (!session_->is_open()) step();
  for (; session_->is_open() && !session_->is_connected(); step()) {
    if (waker_.is_stopped()) return stopped();
    (void)wait({});
  }
  if (session_->is_connected()) return std::nullopt;
  return session_->last_end();
}

// Of a request that can be made of a daemon only.
std::optional<failure> client::impl::await_connection(const deadline& until) {
  for (notice_end(); !session_->is_connected(); step()) {
    if (waker_.is_stopped()) return stopped();
    if (session_->is_over() || clock::now() >= *until) {
      return failure{failure_kind::not_connected, "there is no connection to the daemon: " + session_->last_end().text,
                     std::nullopt};
    }
    (void)wait(until);
  }
  return std::nullopt;
}

// ---- requests

failure client::impl::full(bool sent) const {
  return {failure_kind::inbox_full,
          "more than " + std::to_string(options_.inbox_limit) +
              " bytes of messages wait to be taken with next(), and the answer stands behind them (inbox_limit)",
          std::nullopt, sent};
}

outcome<answer> client::impl::await_answer(request_id request, milliseconds timeout) {
  const auto until = in(timeout);
  session_->await(request);
  for (;;) {
    step();
    if (auto got = session_->take_answer()) return *std::move(got);
    if (!session_->is_awaiting()) return with_sent(session_->last_end());
    std::optional<failure> vain;
    if (session_->inbox_bars_answers()) vain = full(true);
    if (waker_.is_stopped()) vain = with_sent(stopped());
    if (clock::now() >= *until) {
      vain = failure{failure_kind::timeout,
                     "the daemon did not answer within " + std::to_string(timeout.count()) + " ms", std::nullopt, true};
    }
    if (vain) {
      session_->await_no_more();
      return *std::move(vain);
    }
    (void)wait(until);
  }
}

outcome<answer> client::impl::ask(milliseconds timeout, const std::function<outcome<request_id>()>& request) {
  if (session_->inbox_bars_answers()) return full(false);
  if (auto none = await_connection(in(options_.timeout))) return *std::move(none);
  const auto made = request();
  if (!made) return made.error();
  return await_answer(*made, timeout);
}

outcome<std::optional<answer>> client::impl::wish(milliseconds timeout,
                                                  const std::function<outcome<request_id>()>& request) {
  if (session_->inbox_bars_answers()) return full(false);
  // A connection that is only just being made is waited for, a daemon that is not there is not.
  notice_end();
  (void)greet();
  const bool connected = session_->is_connected();
  const auto made = request();
  if (!made) return made.error();
  if (!connected) return std::optional<answer>{};
  auto got = await_answer(*made, timeout);
  // What the connection's end has cut short the next one is asked for.
  if (!got && got.error().kind == failure_kind::closed && !session_->is_over()) return std::optional<answer>{};
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  return std::optional<answer>{*std::move(got)};
}

outcome<request_id> client::impl::subscribe(const filter& wanted, const beginning& from) {
  request_id made = 0;
  const auto got = wish(options_.timeout, [&] {
    auto request = session_->subscribe(wanted, from);
    if (request) made = *request;
    return request;
  });
  if (got) return made;
  session_->forget(made);  // what is reported as failed is asked for no more
  return got.error();
}

// ---- messages

std::optional<message> client::impl::try_next() {
  if (auto got = session_->next()) return got;
  step();
  return session_->next();
}

void client::impl::flush() {
  session_->tick(clock::now());
  write();
}

std::optional<message> client::impl::next(const deadline& until, const std::stop_token* token) {
  const auto is_stopped = [&] { return waker_.is_stopped() || (token != nullptr && token->stop_requested()); };
  flush();
  while (!is_stopped()) {
    if (auto got = try_next()) return got;
    if (session_->is_over() || (until && clock::now() >= *until)) break;
    if (wait(until) == waited::interrupted) break;
  }
  return std::nullopt;
}

client::client(client_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

std::optional<failure> client::connect() {
  return impl_->connect();
}

std::optional<failure> client::connect_over(int fd) {
  return impl_->adopt(fd);
}

bool client::is_connected() const {
  return impl_->core().is_connected();
}

const failure& client::last_end() const {
  return impl_->core().last_end();
}

const log_position& client::position() const {
  return impl_->core().position();
}

const welcome& client::daemon() const {
  return impl_->core().daemon();
}

outcome<request_id> client::subscribe(const filter& wanted, const beginning& from) {
  return impl_->subscribe(wanted, from);
}

std::optional<failure> client::replace(request_id subscription, const filter& wanted) {
  const auto got = impl_->wish(impl_->options_.timeout, [&] { return core().replace(subscription, wanted); });
  if (!got) return got.error();
  return std::nullopt;
}

std::optional<failure> client::unsubscribe(request_id subscription) {
  const auto got = impl_->wish(impl_->options_.timeout, [&] { return core().unsubscribe(subscription); });
  if (!got) return got.error();
  return std::nullopt;
}

std::optional<failure> client::ack(const std::optional<log_position>& position) {
  if (auto wrong = core().ack(position)) return wrong;
  impl_->flush();
  return std::nullopt;
}

outcome<bool> client::ack_wait(const std::optional<log_position>& position) {
  const auto got = impl_->ask(impl_->options_.timeout, [&] { return core().ack_wait(position); });
  if (!got) return got.error();
  if (!got->ok()) return refusal(*got->error);
  return got->durable.value_or(false);
}

outcome<room_state> client::join(std::string_view room, milliseconds patience) {
  const auto got = impl_->wish(impl_->options_.timeout + patience, [&] { return core().join(room, patience); });
  if (!got) return got.error();
  return *got ? (**got).state : room_state::waiting;
}

std::optional<failure> client::leave(std::string_view room) {
  const auto got = impl_->wish(impl_->options_.timeout, [&] { return core().leave(room); });
  if (!got) return got.error();
  return std::nullopt;
}

outcome<answer> client::emit(const emission& what) {
  return impl_->ask(impl_->options_.timeout + what.deadline, [&] { return core().emit(what); });
}

outcome<answer> client::call(std::string_view method, std::string_view params) {
  return impl_->ask(impl_->options_.timeout, [&] { return core().call(method, params); });
}

std::optional<message> client::next(std::optional<milliseconds> timeout) {
  return impl_->next(timeout ? in(*timeout) : deadline{}, nullptr);
}

std::optional<message> client::next(const std::stop_token& token, std::optional<milliseconds> timeout) {
  const std::stop_callback wakes{token, [this] { impl_->waker_.wake(); }};
  return impl_->next(timeout ? in(*timeout) : deadline{}, &token);
}

void client::stop() noexcept {
  impl_->waker_.stop();
}

bool client::is_stopped() const noexcept {
  return impl_->waker_.is_stopped();
}

std::optional<message> client::try_next() {
  return impl_->try_next();
}

int client::native_handle() const {
  return impl_->fd();
}

short client::events() const {
  return impl_->events();
}

int client::timeout_ms() const {
  if (impl_->core().has_message()) return 0;
  const auto due = impl_->core().due();
  if (!due) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*due - clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, INT_MAX));
}

session& client::core() {
  return impl_->core();
}

}  // namespace roombridge
