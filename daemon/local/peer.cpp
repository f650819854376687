// SPDX-License-Identifier: MIT
// The connection: socket, life and death. What its frames ask for is in peer_requests.cpp.
#include "daemon/local/peer.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

#include <roombridge/proto/messages.hpp>

#include "daemon/local/costs.hpp"
#include "daemon/local/socket_room.hpp"

namespace roombridge::local {
namespace {

// For what is under way and BYE to be taken by a client that is slow to read.
constexpr std::chrono::milliseconds linger{2000};

// Bytes that wait for a client and may grow by what can be left out.
constexpr std::size_t most_shown = 64u << 10;

// Bytes of answers that wait for a client before its next request is looked at.
constexpr std::size_t most_unread = 64u << 10;

// Bytes of one read where no frame has begun to come: what is not looked at in this turn has to be kept.
constexpr std::size_t usual_read = 16u << 10;
constexpr std::size_t smallest_read = 4u << 10;

// One call. The plain one for the usual single piece spares the kernel a message header and a vector.
ssize_t send_all(int fd, std::span<const iovec> pieces) {
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (pieces.size() == 1) return ::send(fd, pieces.front().iov_base, pieces.front().iov_len, flags);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, flags);
}

}  // namespace

void discard_input(int fd, std::span<std::byte> buffer) {
  for (int turn = 0; turn < 16; ++turn) {
    if (::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) return;
  }
}

proto::bye bye_for(end_reason reason, std::string text) {
  switch (reason) {
    case end_reason::shutdown:
      return {"shutdown", std::move(text), true};
    case end_reason::protocol_error:
      return {"protocol_error", std::move(text), false};
    case end_reason::hello_timeout:
      return {"hello_timeout", std::move(text), false};
    case end_reason::ping_timeout:
      return {"ping_timeout", std::move(text), true};
    case end_reason::subscriber_in_use:
      return {"subscriber_in_use", std::move(text), true};
    case end_reason::too_slow:
      return {"too_slow", std::move(text), true};
    case end_reason::buffer_exceeded:
      return {"buffer_exceeded", std::move(text), true};
    case end_reason::too_many_connections:
      return {"too_many_connections", std::move(text), true};
  }
  assert(false);
  return {};
}

peer::peer(peer_host& host, peer_token token, unique_fd fd, uid_t uid, pid_t pid, shared_rights may,
           const std::shared_ptr<user_account>& account)
    : turn_member(account->turn),
      host_(host),
      token_(token),
      fd_(std::move(fd)),
      uid_(uid),
      pid_(pid),
      may_(std::move(may)),
      watched_(EPOLLIN),
      held_(account),
      collected_(account),
      filters_(account),
      requests_(account),
      socket_(account, &user_account::sockets),
      connection_(account, &user_account::connections),
      subscriptions_(account, &user_account::subscriptions),
      subscribed_(account, &user_account::subscribers),
      rooms_held_(account, &user_account::rooms),
      output_(*this, host.events(), held_, host.config().user_buffer) {
  connection_.set(1);
  bound_socket();
  output_.cursor().restrict_to(may_->visible());
  host_.set_deadline(*this, host_.now() + std::chrono::milliseconds{proto::hello_deadline_ms});
}

void peer::on_socket(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) blocked_ = false;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) gone_ = true;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
}

void peer::serve(log::work& allowed) {
  serving_ = true;
  read(allowed);
  write(allowed);
  serving_ = false;
  go_on();
}

// One turn of requests. What a client said before it left may still ask for something.
void peer::read(log::work& allowed) {
  if (ending()) return gone_ ? close() : void();
  if (held_back() || (!decoder_.has_rest() && !receive(allowed))) return;
  reading_ = true;
  do {
    const auto frame = decoder_.next();
    if (!frame) break;
    handle_next(*frame, allowed);
  } while (!ending() && !allowed.spent() && !held_back());
  reading_ = false;
  if (ending()) return release_input();
  decoder_.keep_rest();
  collected_.set(decoder_.capacity());
  report_bad_header();
  keep_to_budget();
}

// False: nothing has come.
bool peer::receive(log::work& allowed) {
  if (!std::exchange(readable_, false)) return false;
  const auto whole = host_.read_buffer();
  const std::size_t wanted = decoder_.missing() > 0 ? decoder_.missing() : room_for_requests();
  const auto buffer = whole.first(std::min(wanted, whole.size()));
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  allowed.spend(cost::read);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size <= 0) {
    close();
    return false;
  }
  decoder_.feed(buffer.first(static_cast<std::size_t>(size)));
  return true;
}

void peer::handle_next(const proto::frame& frame, log::work& allowed) {
  const std::size_t unread = output_.unread();
  const std::size_t conditions = output_.cursor().conditions();
  allowed.spend(cost::of(frame));
  handle(frame);
  allowed.spend(std::max(output_.unread(), unread) - unread);
  allowed.spend(cost::condition * (conditions - std::min(output_.cursor().conditions(), conditions)));
  if (keep_to_budget()) allowed.spend(cost::budget * held_.account().connections);
}

void peer::report_bad_header() {
  const auto error = decoder_.error();
  if (error == proto::error_code::none) return;
  const auto& bad = decoder_.bad_header();
  fail(error, "a frame of type " + std::to_string(static_cast<int>(bad.type)) + " with flags " +
                  std::to_string(bad.flags) + " announces a body of " + std::to_string(bad.body_length) +
                  " bytes, of which " + std::to_string(bad.head_length) + " are the head");
}

// Whether its answers, or those of its user's connections and its own, are to be read before it asks for more.
bool peer::held_back() const {
  if (gone_) return false;
  const std::size_t unread = output_.unread();
  return unread >= most_unread || (unread > 0 && holds_much());
}

// Bytes of requests that may be read at once, and kept: the less, the more is held for its user.
std::size_t peer::room_for_requests() const {
  constexpr std::size_t reads_in_reach = 16;
  const std::size_t most = host_.config().user_buffer / 2;
  const std::size_t free = most - std::min(most, held_.account().bytes);
  return std::clamp(free / reads_in_reach, smallest_read, usual_read);
}

// Whether what is held for its user comes near to where connections are ended.
bool peer::holds_much() const {
  return held_.account().bytes > host_.config().user_buffer / 2;
}

// Whoever looks after the daemon gets what the system gives.
void peer::bound_socket() {
  if (may_->control() || socket_.amount() > 0) return;
  int given = 0;
  socklen_t size = sizeof given;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &given, &size) != 0) return;
  const std::size_t room =
      std::min(socket_room(host_.config().user_buffer, socket_.account().sockets), static_cast<std::size_t>(given));
  const int asked = static_cast<int>(room / 2);  // the kernel doubles it, for what it adds
  if (room < static_cast<std::size_t>(given)) ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &asked, sizeof asked);
  socket_.set(room);
}

bool peer::keep_to_budget() {
  if (held_.account().bytes <= host_.config().user_buffer) return false;
  host_.enforce_budget(*this);
  return true;
}

// Waits for the socket, and for the next turn if there is something to do.
void peer::go_on() {
  if (state_ == state::closed) return;
  const bool reads = !ending() && !held_back();
  const std::uint32_t wanted = (reads ? EPOLLIN : 0u) | (blocked_ ? EPOLLOUT : 0u);
  if (wanted != watched_) host_.watch(*this, watched_ = wanted);
  if ((reads && decoder_.has_rest()) || (!blocked_ && !gone_ && output_.pending())) {
    host_.schedule(*this);
  } else if (ending() && !blocked_) {
    close();
  }
}

void peer::on_deadline() {
  switch (state_) {
    case state::hello:
      fail(proto::error_code::hello_timeout, "no HELLO within 5 s", end_reason::hello_timeout);
      break;
    case state::open:
      if (too_slow_) {
        end_too_slow();
      } else if (ping_open_) {
        end(end_reason::ping_timeout, "no PONG within the deadline");
      } else {
        send_ping();
      }
      break;
    case state::ending:
      close();
      break;
    case state::closed:
      break;
  }
}

void peer::on_output_pending() {
  if (!blocked_ && !serving_ && state_ != state::closed) host_.schedule(*this);
}

void peer::on_output_delivered(std::span<const log::arrival> events) {
  const auto now = host_.now();
  for (const auto& [received, count] : events) {
    if (received == 0) continue;
    if (!latency_) latency_ = std::make_unique<latency_histogram>();
    const peer_host::time_point since{std::chrono::nanoseconds{received}};
    latency_->add(std::chrono::duration_cast<latency_histogram::duration>(now - since), count);
  }
}

// Within the log's own work nobody can be ended; the next write does it, or the deadline, which is due at once.
void peer::on_output_lost() {
  if (slow_ != proto::slow_policy::disconnect || state_ != state::open) return;
  too_slow_ = true;
  host_.set_deadline(*this, host_.now());
}

void peer::end_too_slow() {
  const auto& lost = output_.cursor().lost();
  end(end_reason::too_slow, "the log gave up events before they could be sent" +
                                (lost ? ", from seq " + std::to_string(lost->first) + " on" : ""));
}

// One sendmsg of what is pending, if the socket takes it.
void peer::write(log::work& allowed) {
  if (blocked_ || state_ == state::closed) return;
  if (output_.cut()) return close();
  if (gone_) return output_.drop_control();
  if (too_slow_ && state_ == state::open) end_too_slow();
  auto& pieces = host_.pieces();
  output_.gather(pieces, allowed);
  if (pieces.bytes() == 0) return;
  const ssize_t size = send_all(fd_.get(), pieces.all());
  if (size < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM) return close();
  const std::size_t taken = size < 0 ? 0 : static_cast<std::size_t>(size);
  allowed.spend(cost::write + taken / cost::written_per_unit);
  output_.taken(pieces, taken);
  blocked_ = taken < pieces.bytes();
  keep_to_budget();
}

void peer::release_input() {
  decoder_ = proto::frame_decoder{};
  collected_.set(0);
}

void peer::set_status(const shared_frame& status) {
  if (subscribed_ever_ && !ending()) output_.set_status(status);
}

bool peer::show(std::string_view frames) {
  const bool fits = output_.held() + frames.size() <= most_shown &&
                    held_.account().bytes + frames.size() <= host_.config().user_buffer / 2;
  if (fits && !ending()) output_.push_frames(frames);
  return fits;
}

void peer::fail(proto::error_code code, std::string text, end_reason reason) {
  host_.count_protocol_error(*this, proto::to_string(code));
  push(proto::error{proto::make_error(code, text), true});
  end(reason, std::move(text));
}

void peer::end(end_reason reason, std::string text) {
  if (ending()) return;
  if (reason == end_reason::buffer_exceeded) output_.drop_control();
  push(bye_for(reason, std::move(text)));
  output_.stop_events();
  output_.cursor().unsubscribe_all();
  charge_subscriptions();
  release_name();
  state_ = state::ending;
  if (!reading_) release_input();
  host_.set_deadline(*this, host_.now() + linger);
}

void peer::close() {
  if (state_ == state::closed) return;
  state_ = state::closed;
  host_.clear_deadline(*this);
  release_name();
  rooms_held_.set(0);
  for (const auto& [room, join] : std::exchange(rooms_, {})) {
    host_.holders().remove(room, uid_, pid_);
    host_.requests().on_leave(token_, room);
  }
  discard_input(fd_.get(), host_.read_buffer());
  output_.release();
  if (!reading_) release_input();
  host_.bury(*this);
}

void peer::plan_ping() {
  if (state_ != state::open || ping_open_) return;
  if (const auto interval = host_.config().ping_interval; interval.count() > 0) {
    host_.set_deadline(*this, host_.now() + interval);
  } else {
    host_.clear_deadline(*this);
  }
}

void peer::send_ping() {
  const auto deadline_ms = static_cast<std::uint32_t>(host_.config().ping_deadline.count());
  push(proto::ping{++ping_id_, deadline_ms});
  ping_open_ = true;
  host_.set_deadline(*this, host_.now() + host_.config().ping_deadline);
}

peer_info peer::info() const {
  const auto& cursor = output_.cursor();
  return {.client = client_,
          .pid = pid_,
          .uid = uid_,
          .subscriptions = cursor.subscriptions(),
          .rooms = rooms_.size(),
          .pending = cursor.behind(),
          .delivered = cursor.delivered(),
          .lost = cursor.lost_events()};
}

}  // namespace roombridge::local
