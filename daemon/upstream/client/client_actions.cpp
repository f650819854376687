// SPDX-License-Identifier: MIT
// What the session wants done, and its timer.
#include <openssl/sha.h>

#include "daemon/base/duration_text.hpp"
#include "daemon/upstream/client/client_impl.hpp"

namespace roombridge::upstream {
namespace {

// How long the server may take over its half of the close.
constexpr std::chrono::milliseconds close_patience{500};

}  // namespace

// Performs what the session wants, also what it wants because of that; in order.
void client::impl::perform() {
  if (std::exchange(performing_, true)) return;  // a callback came back to us: the loop below sees what it caused
  for (auto actions = session_.take_actions(); !actions.empty(); actions = session_.take_actions()) {
    for (const session_action& one : actions) {
      std::visit([this](const auto& what) { perform(what); }, one);
    }
  }
  performing_ = false;
  const session_counters& counted = session_.counters();
  for (const auto& [why, count] : counted.causes) counters_.causes[to_string(why)] = count;
  counters_.attempts = counted.attempts;
  counters_.authenticated = counted.authenticated;
  counters_.outages = counted.outages;
  counters_.recovered = session_.recovery().counters().recovered;
  counters_.unrecovered = session_.recovery().counters().failed;
  flush();
  arm();
}

void client::impl::perform(const action::connect& what) {
  connect_wanted_ = what;
  wake_.cancel();
}

void client::impl::perform(const action::close& what) {
  if (std::exchange(connect_wanted_, std::nullopt))
    return;  // the attempt had not begun: the last connection is still closing
  if (!transport_ || closing_) return;
  closing_ = true;
  if (!what.code) {
    trace_.step("close", "the connection is cut");
    transport_->abort();
    return;
  }
  if (trace_.on())
    trace_.step("close", "the connection is closed, with code " + std::to_string(*what.code) + " over WebSocket");
  transport_->close(*what.code, close_patience);
}

void client::impl::perform(const action::send& what) {
  send(what.text, std::span<const bytes_view>());
}

void client::impl::perform(const action::fail_emit& what) {
  const auto found = emits_.find(what.id);
  const auto done = std::move(found->second);
  emits_.erase(found);
  done({emit_outcome::sent_unknown, what.error, what.text, {}, {}});
}

void client::impl::perform(const action::send_held& what) {
  const auto found = held_.find(what.what.id);
  auto done = std::move(found->second);
  held_.erase(found);
  send(what.text, what.what.attachments);
  ++counters_.emits_sent;
  if (!what.ack) return done({emit_outcome::sent_unknown, emit_error::none, {}, {}, {}});
  emits_.emplace(*what.ack, std::move(done));
}

void client::impl::perform(const action::drop_held& what) {
  const auto found = held_.find(what.id);
  const auto done = std::move(found->second);
  held_.erase(found);
  done({emit_outcome::not_sent, what.error, what.text, {}, {}});
}

void client::impl::perform(const action::answer_join& what) {
  const auto found = joins_.find(what.answer.waiter);
  const auto done = std::move(found->second);
  joins_.erase(found);
  const bool refused = what.answer.state == room_state::refused;
  done({refused ? join_error::refused : join_error::none, what.answer.text, what.answer.state});
}

void client::impl::perform(const action::identify& what) {
  identity_digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(what.whose.data()), what.whose.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  handler_.on_identity(digest, what.who);
}

void client::impl::perform(const action::report& what) {
  const session_status& from = what.status;
  const auto now = at();
  const auto wall = [&now](clock::time_point point) {
    return wall_now() + std::chrono::duration_cast<std::chrono::microseconds>(point - now.now);
  };
  if (status_.state != from.state) status_.since = wall_now();
  status_.state = from.state;
  status_.cause = to_string(from.cause);
  status_.text = session_.cleared(from.text);
  status_.next_attempt = from.next_attempt ? std::optional(wall(*from.next_attempt)) : std::nullopt;
  status_.lost = from.lost ? std::optional(wall(*from.lost)) : std::nullopt;
  status_.user = session_.cleared(from.user);
  status_.unnamed = from.unnamed;
  status_.token_expires = from.token_expires;
  status_.token_stale = from.token_stale;
  status_.transport = from.transport;
  if (trace_.on()) trace_.step("state", in_words(from, now));
  story_.report(from, session_.settings().url, session_.rooms().count(), now);
  rooms_changed_ = false;
  handler_.on_status(status_);
}

// Once for all that one read or one call changed: each time costs a frame for every subscriber.
void client::impl::tell_rooms() {
  if (std::exchange(rooms_changed_, false)) handler_.on_status(status_);
}

void client::impl::on_network_change() {
  session_.on_network_change(at());
  perform();
}

void client::impl::on_clock_change(std::chrono::milliseconds slept) {
  log_.info(slept.count() == 0 ? "the clock was set" : "the machine has slept for " + duration_text(slept));
  session_.on_clock_change(slept, at());
  perform();
}

void client::impl::watch_token() {
  auto deliver = [this](token_reading reading) {
    session_.on_token(std::move(reading), at());
    perform();
  };
  token_ = std::make_unique<token_source>(context_, session_.settings().token, log_, std::move(deliver), tell_opened());
}

void client::impl::arm() {
  const auto next = session_.next_deadline();
  if (next == armed_) return;
  armed_ = next;
  if (!next) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_at(*next);
  deadline_.async_wait([self = std::weak_ptr(self_)](const boost::system::error_code& error) {
    const auto alive = self.lock();
    if (error || !alive) return;
    impl& here = **alive;
    here.armed_.reset();
    here.session_.on_time(here.at());
    here.perform();
    here.tell_rooms();
  });
}

void client::impl::flush() {
  if (transport_) transport_->flush();
}

}  // namespace roombridge::upstream
