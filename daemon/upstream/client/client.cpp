// SPDX-License-Identifier: MIT
// The coroutine that connects and reads, and the calls from outside.
#include "daemon/upstream/client/client.hpp"

#include <algorithm>

#include "daemon/base/as_result.hpp"
#include "daemon/base/file_look.hpp"
#include "daemon/upstream/client/client_impl.hpp"
#include "daemon/upstream/client/recovery_file.hpp"
#include "daemon/upstream/net/route.hpp"
#include "daemon/upstream/net/tunnel.hpp"
#include "daemon/upstream/transport/polling.hpp"
#include "daemon/upstream/transport/upgradable.hpp"
#include "daemon/upstream/transport/websocket.hpp"

namespace roombridge::upstream {
namespace {

using io::as_result;

// Emits are refused while so much waits for the network: the rest up to transport::max_queued is for the session's own
// packets.
constexpr std::size_t emit_backlog = transport::max_queued / 2;

std::size_t size_of(const emit_request& request) {
  std::size_t bytes = request.event.size() + request.arguments.size();
  for (const bytes_view& attachment : request.attachments) bytes += attachment.size();
  return bytes;
}

std::string not_reading(std::size_t queued) {
  return "the server is not reading: " + std::to_string(queued) + " bytes wait for it";
}

}  // namespace

wall_time wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void client::impl::take_up_the_last_life() {
  if (const auto& path = session_.settings().recovery_file; !path.empty()) {
    if (auto left = take_recovery_file(path, log_)) left_ = std::move(left);
  }
  if (left_) session_.resume(*std::exchange(left_, std::nullopt), at());
}

io::task<> client::impl::run() {
  if (stop_asked_) co_return;
  system_.emplace(
      context_, log_,
      system_watch::callbacks{.network_changed = [this] { on_network_change(); },
                              .clock_changed = [this](std::chrono::milliseconds slept) { on_clock_change(slept); }});
  take_up_the_last_life();
  session_.start(at());
  perform();
  while (!session_.stopped()) {
    if (auto wanted = std::exchange(connect_wanted_, std::nullopt)) {
      co_await connection(*std::move(wanted));
    } else {
      wake_.expires_at(clock::time_point::max());
      co_await wake_.async_wait(as_result);
    }
  }
  if (const auto& path = session_.settings().recovery_file; !path.empty()) {
    if (const auto left = session_.saved(at())) write_recovery_file(path, *left, log_);
  }
  system_.reset();
  token_.reset();
  deadline_.cancel();
}

// OpenSSL opens it by its name.
void client::impl::tell_of_key() {
  const tls_options& tls = session_.settings().tls;
  const std::string& key = tls.key_file.empty() ? tls.certificate_file : tls.key_file;
  if (const auto facts = key.empty() ? std::nullopt : look_at(key)) handler_.on_secret_file(key, *facts);
}

io::task<> client::impl::connection(action::connect how) {
  closing_ = false;
  ++connection_;
  tell_of_key();
  auto where = make_route(session_.settings(), std::move(how.extras), tell_opened());
  if (const auto* unusable = std::get_if<failure>(&where)) {
    session_.on_transport_end(*unusable, at());
    perform();
    co_return;
  }
  auto& target = std::get<endpoint>(where);
  target.turn = how.turn;
  if (const auto& through = target.through)
    session_.hidden()->set(secrets::kind::proxy, {through->password, basic_credentials(*through)});
  target.hidden = session_.hidden();
  story_.way(target.through ? target.name : "");
  if (trace_.on()) trace_.step("attempt", "to " + target.name + " over " + std::string(to_string(how.over)));
  transport_ = make_transport(how.over, target);
  const auto failed = co_await transport_->open(session_.settings().connect_timeout);
  if (!closing_) {
    if (failed) {
      session_.on_transport_end(*failed, at());
    } else {
      session_.on_transport_open(at());
    }
    perform();
    if (!failed && !closing_) co_await read_all(target.name);
  }
  transport_.reset();
}

std::unique_ptr<transport> client::impl::make_transport(transport_kind over, const endpoint& where) {
  const options& settings = session_.settings();
  if (over == transport_kind::websocket) {
    return std::make_unique<websocket>(context_, trace_, where, engine_session{}, settings.tls, settings.receive_limit,
                                       settings.compression);
  }
  const auto& order = settings.transports;
  if (std::find(order.begin(), order.end(), transport_kind::websocket) == order.end()) {
    return std::make_unique<polling>(context_, trace_, where, settings.tls, settings.receive_limit);
  }
  const backoff delays(settings.reconnect.first, std::max(settings.reconnect.max, settings.reconnect.refused_max));
  auto upgraded = [this] {
    session_.on_upgrade();
    perform();
  };
  const bool at_once = order.front() == transport_kind::polling;
  return std::make_unique<upgradable>(
      context_, trace_, where, settings.tls, settings.receive_limit,
      upgradable::plan{at_once, delays, settings.compression, std::move(upgraded), settings.reconnect.retry_after_max});
}

io::task<> client::impl::read_all(std::string name) {
  inbound_.emplace(session_.settings().receive_limit, std::move(name), static_cast<inbound_sink&>(*this));
  const std::uint64_t before = counters_.messages_received;
  for (;;) {
    const burst received = co_await transport_->read();
    if (received.bytes.empty()) {
      if (!closing_) {
        session_.on_transport_end(received.ended, at());
      } else if (received.closed) {
        session_.on_close_answered();
      }
      perform();
      break;
    }
    counters_.bytes_received += received.bytes.size();
    if (closing_) continue;  // until the server's half of the close
    session_.on_heard(clock::now());
    transport_->deliver(received.bytes, *inbound_);
    counters_.messages_received = before + inbound_->messages();
    flush();
    tell_rooms();
    handler_.on_burst_end();
    session_.recovery().erase_stripped();
  }
  inbound_.reset();
}

void client::impl::stop() {
  stop_asked_ = true;
  session_.stop(at());
  perform();
  wake_.cancel();
}

void client::impl::hold_room(const room_request& wanted, std::function<void(const join_result&)> done) {
  if (transport_ && transport_->queued() > emit_backlog) {
    return done({join_error::not_connected, not_reading(transport_->queued()), {}});
  }
  auto verdict = session_.hold_room(wanted.who, wanted.room, wanted.deadline, at(), wanted.user);
  if (verdict.waiter) {
    joins_.emplace(*verdict.waiter, std::move(done));
  } else {
    done({verdict.error, std::move(verdict.text), verdict.state});
  }
  perform();
  tell_rooms();
}

bool client::impl::release_room(room_holder who, const std::string& room) {
  const bool held = session_.release_room(who, room, at());
  perform();
  tell_rooms();
  return held;
}

void client::impl::reconfigure(options changed, connection_use use) {
  const bool other_token = changed.token != session_.settings().token;
  session_.reconfigure(std::move(changed), use, at());
  if (other_token && !session_.stopped()) {
    watch_token();
    token_->read();
  }
  perform();
}

void client::impl::reconnect() {
  session_.reconnect(at());
  perform();
}

void client::impl::emit(const emit_request& request, std::function<void(const emit_result&)> done) {
  const auto refuse = [&done](emit_error why, std::string text) {
    done({emit_outcome::not_sent, why, std::move(text), {}, {}});
  };
  if (transport_ && transport_->queued() > emit_backlog) {
    return refuse(emit_error::not_connected, not_reading(transport_->queued()));
  }
  backlog_.settle(transport_ ? transport_->queued() : 0);
  if (const std::size_t size = size_of(request); !backlog_.takes(emit_backlog, request.sender, size)) {
    return refuse(emit_error::not_connected,
                  not_reading(transport_->queued()) + "; " +
                      backlog_.shares().objection(emit_backlog, request.sender, "bytes that may wait for it"));
  }
  scratch_.clear();
  auto verdict = session_.emit(request, scratch_, at());
  if (verdict.error != emit_error::none) return refuse(verdict.error, std::move(verdict.text));
  if (verdict.held) {
    held_.emplace(*verdict.held, std::move(done));
    ++counters_.emits_held;
    return arm();
  }
  send(scratch_, request.attachments);
  backlog_.add(request.sender.user, size_of(request));
  flush();
  ++counters_.emits_sent;
  if (!verdict.id) return done({emit_outcome::sent_unknown, emit_error::none, {}, {}, {}});
  emits_.emplace(*verdict.id, std::move(done));
  arm();
}

void client::impl::trace(tracer::show_function show) {
  trace_.start([this, show = std::move(show)](trace_line line) {
    for (std::string* text : {&line.text, &line.nsp, &line.event, &line.shape}) *text = session_.cleared(*text);
    return show(std::move(line));
  });
  trace_.step("state", in_words(session_.status(), at()));
}

client::client(io::context& context, options initial, client_handler& handler, logger& log)
    : impl_(std::make_unique<impl>(context, std::move(initial), handler, log)) {}
client::~client() = default;
io::task<> client::run() {
  return impl_->run();
}
void client::stop() {
  impl_->stop();
}
std::string client::hidden(std::string_view text) const {
  return impl_->hidden(text);
}
void client::reconfigure(options changed, connection_use use) {
  impl_->reconfigure(std::move(changed), use);
}
void client::reconnect() {
  impl_->reconnect();
}
void client::emit(const emit_request& request, std::function<void(const emit_result&)> done) {
  impl_->emit(request, std::move(done));
}
void client::hold_room(const room_request& wanted, std::function<void(const join_result&)> done) {
  impl_->hold_room(wanted, std::move(done));
}
bool client::release_room(room_holder who, const std::string& room) {
  return impl_->release_room(who, room);
}
void client::acknowledge(const ack_ticket& wanted) {
  impl_->acknowledge(wanted);
}
void client::trace(tracer::show_function show) {
  impl_->trace(std::move(show));
}
const client_status& client::status() const {
  return impl_->status();
}
const client_counters& client::counters() const {
  return impl_->counters();
}
std::vector<room_status> client::rooms() const {
  return impl_->rooms();
}
bool client::recovery_offered() const {
  return impl_->recovery_offered();
}
void client::resume(saved_session from) {
  impl_->resume(std::move(from));
}
std::optional<saved_session> client::left_by_a_crash() const {
  return impl_->left_by_a_crash();
}
std::string_view client::offset() const {
  return impl_->offset();
}
std::size_t client::held() const {
  return impl_->held();
}

}  // namespace roombridge::upstream
