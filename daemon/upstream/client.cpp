// SPDX-License-Identifier: MIT
// The driver of the upstream session: one coroutine that connects and reads, one timer for the session's deadlines, and
// the performance of its actions. An event that wants an acknowledgement of ours is delivered like any other and gets
// none: nobody local could answer it.
#include "daemon/upstream/client.hpp"

#include <openssl/rand.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>
#include <unordered_map>

#include "daemon/upstream/inbound.hpp"
#include "daemon/upstream/session.hpp"
#include "daemon/upstream/status_log.hpp"
#include "daemon/upstream/token_source.hpp"
#include "daemon/upstream/transport.hpp"

namespace roombridge::upstream {
namespace {

using clock = std::chrono::steady_clock;
using timer = boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, io::executor>;
constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable_t<io::executor>{});

// How long the server may take over its half of the WebSocket's close.
constexpr std::chrono::milliseconds close_patience{500};

// Emits are refused while so much waits for the network: the rest up to transport::max_queued is for the session's own
// packets.
constexpr std::size_t emit_backlog = transport::max_queued / 2;

wall_time wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

ws_mask fresh_mask() {
  ws_mask mask;
  RAND_bytes(mask.data(), static_cast<int>(mask.size()));
  return mask;
}

}  // namespace

class client::impl final : private inbound_sink {
 public:
  impl(io::context& context, options initial, client_handler& handler, logger& log)
      : context_(context),
        handler_(handler),
        log_(log),
        story_(log),
        session_(std::move(initial)),
        deadline_(context),
        linger_(context),
        wake_(context),
        random_(std::random_device{}()) {
    status_.since = wall_now();
    watch_token();
  }

  ~impl() override {
    for (auto& [id, done] : std::exchange(emits_, {})) {
      done({emit_outcome::sent_unknown, emit_error::connection_lost, "the daemon stops", {}, {}});
    }
  }

  io::task<> run();
  void stop();
  void reconfigure(options changed);
  void reconnect();
  void emit(const emit_request& request, std::function<void(const emit_result&)> done);

  const client_status& status() const { return status_; }
  const client_counters& counters() const { return counters_; }
  std::vector<room_status> rooms() const { return session_.rooms(); }

 private:
  // inbound_sink
  bool wants_more() const override { return !closing_; }
  bool max_payload_announced() const override { return session_.max_payload_announced(); }
  bool namespace_joined() const override { return session_.namespace_joined(); }
  void on_engine_packet(const engineio::packet& packet) override;
  void on_packet(const socketio::packet& packet) override;
  void on_event(const socketio::packet& packet, std::span<const bytes_view> attachments) override;
  void on_ack(const socketio::packet& packet, std::span<const bytes_view> attachments) override;
  void on_websocket_ping(std::string_view payload) override;
  void on_malformed(std::string_view why) override;
  void on_broken(failure why, std::uint16_t code) override;

  io::task<> connection();
  io::task<> read_all(std::string name);

  void perform();
  void perform(const action::read_token&) { session_.on_token(token_->read(), at()); }
  void perform(const action::connect&);
  void perform(const action::close& what);
  void perform(const action::send& what);
  void perform(const action::fail_emit& what);
  void perform(const action::report& what);
  void perform(const action::note& what) { story_.note(what.text, at()); }

  void watch_token();
  void arm();
  void flush();
  moment at() { return {clock::now(), random_()}; }

  io::context& context_;
  client_handler& handler_;
  logger& log_;
  status_log story_;
  session session_;
  std::unique_ptr<token_source> token_;
  std::unique_ptr<transport> transport_;
  std::optional<inbound> inbound_;
  std::unordered_map<std::uint64_t, std::function<void(const emit_result&)>> emits_;  // by ack id
  client_status status_;
  client_counters counters_;
  std::string outgoing_;  // frames made in this turn
  std::string scratch_;
  timer deadline_;
  timer linger_;
  timer wake_;  // never expires; cancelled when run() has something to do
  std::optional<clock::time_point> armed_;
  std::mt19937_64 random_;
  bool connect_wanted_ = false;
  bool closing_ = false;  // the session has closed the current connection
  bool performing_ = false;
  bool stop_asked_ = false;
  // Timer handlers that were queued already when this is destroyed find it gone.
  std::shared_ptr<impl*> self_ = std::make_shared<impl*>(this);
};

io::task<> client::impl::run() {
  if (stop_asked_) co_return;
  session_.start(at());
  perform();
  while (!session_.stopped()) {
    if (std::exchange(connect_wanted_, false)) {
      co_await connection();
    } else {
      wake_.expires_at(clock::time_point::max());
      co_await wake_.async_wait(as_result);
    }
  }
  token_.reset();
  deadline_.cancel();
  linger_.cancel();
}

io::task<> client::impl::connection() {
  closing_ = false;
  const auto where = make_endpoint(session_.settings().url, session_.settings().path);
  if (const auto* unusable = std::get_if<failure>(&where)) {
    session_.on_transport_end(*unusable, at());
    perform();
    co_return;
  }
  const auto& target = std::get<endpoint>(where);
  transport_ = std::make_unique<transport>(context_);
  const tls_options tls = session_.settings().tls;
  auto failed = co_await transport_->open(target, tls, session_.settings().connect_timeout);
  if (!closing_) {
    if (failed) {
      session_.on_transport_end(std::move(*failed), at());
    } else {
      session_.on_transport_open(at());
    }
    perform();
    if (!failed && !closing_) co_await read_all(target.name);
  }
  linger_.cancel();
  transport_.reset();
}

io::task<> client::impl::read_all(std::string name) {
  inbound_.emplace(session_.settings().receive_limit, std::move(name), static_cast<inbound_sink&>(*this));
  const std::uint64_t before = counters_.messages_received;
  for (;;) {
    const burst received = co_await transport_->read();
    if (received.bytes.empty()) {
      if (!closing_) session_.on_transport_end(received.ended, at());
      perform();
      break;
    }
    counters_.bytes_received += received.bytes.size();
    if (closing_) continue;  // until the server's half of the close
    inbound_->feed(received.bytes);
    counters_.messages_received = before + inbound_->messages();
    flush();
    handler_.on_burst_end();
  }
  inbound_.reset();
}

void client::impl::stop() {
  stop_asked_ = true;
  session_.stop(at());
  perform();
  wake_.cancel();
}

void client::impl::reconfigure(options changed) {
  const bool other_token = changed.token != session_.settings().token;
  session_.reconfigure(std::move(changed), at());
  if (other_token && !session_.stopped()) {
    watch_token();
    session_.on_token(token_->read(), at());
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
    return refuse(emit_error::not_connected,
                  "the server is not reading: " + std::to_string(transport_->queued()) + " bytes wait for it");
  }
  scratch_.clear();
  auto verdict = session_.emit(request, scratch_, at());
  if (verdict.error != emit_error::none) return refuse(verdict.error, std::move(verdict.text));
  append_frame(outgoing_, ws_opcode::text, scratch_, fresh_mask());
  for (const bytes_view& attachment : request.attachments) {
    append_frame(outgoing_, ws_opcode::binary, {reinterpret_cast<const char*>(attachment.data()), attachment.size()},
                 fresh_mask());
  }
  flush();
  ++counters_.emits_sent;
  if (!verdict.id) return done({emit_outcome::sent_unknown, emit_error::none, {}, {}, {}});
  emits_.emplace(*verdict.id, std::move(done));
  arm();
}

void client::impl::on_engine_packet(const engineio::packet& packet) {
  session_.on_engine_packet(packet, at());
  perform();
}

void client::impl::on_packet(const socketio::packet& packet) {
  session_.on_packet(packet, at());
  perform();
}

void client::impl::on_event(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  if (packet.nsp != session_.settings().nsp) return on_malformed("an event of a namespace that was not joined");
  const auto event = handler_.on_event(packet.data, attachments);
  if (!event || !session_.is_answer(event->name)) return;
  session_.on_event(event->name, event->arguments, at());
  perform();
}

void client::impl::on_ack(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  if (packet.nsp != session_.settings().nsp || !session_.take_ack(*packet.id)) return;
  const auto found = emits_.find(*packet.id);
  const auto done = std::move(found->second);
  emits_.erase(found);
  done({emit_outcome::acked, emit_error::none, {}, packet.data, attachments});
}

void client::impl::on_websocket_ping(std::string_view payload) {
  append_pong(outgoing_, payload, fresh_mask());
}

void client::impl::on_malformed(std::string_view why) {
  ++counters_.malformed;
  story_.malformed(why, at());
}

void client::impl::on_broken(failure why, std::uint16_t code) {
  session_.on_transport_end(std::move(why), at(), code);
  perform();
}

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
  counters_.attempts = counted.attempts;
  counters_.authenticated = counted.authenticated;
  counters_.outages = counted.outages;
  flush();
  arm();
}

void client::impl::perform(const action::connect&) {
  connect_wanted_ = true;
  wake_.cancel();
}

void client::impl::perform(const action::close& what) {
  if (std::exchange(connect_wanted_, false)) return;  // the attempt had not begun: the last connection is still closing
  if (!transport_ || closing_) return;
  closing_ = true;
  if (!what.code) {
    outgoing_.clear();
    transport_->abort();
    return;
  }
  append_close(outgoing_, *what.code, {}, fresh_mask());
  flush();
  linger_.expires_after(close_patience);
  linger_.async_wait([self = std::weak_ptr(self_), closed = transport_.get()](const boost::system::error_code& error) {
    const auto alive = self.lock();
    if (!error && alive && (*alive)->transport_.get() == closed) closed->abort();
  });
}

void client::impl::perform(const action::send& what) {
  append_frame(outgoing_, ws_opcode::text, what.text, fresh_mask());
}

void client::impl::perform(const action::fail_emit& what) {
  const auto found = emits_.find(what.id);
  const auto done = std::move(found->second);
  emits_.erase(found);
  done({emit_outcome::sent_unknown, what.error, what.text, {}, {}});
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
  status_.text = from.text;
  status_.next_attempt = from.next_attempt ? std::optional(wall(*from.next_attempt)) : std::nullopt;
  status_.lost = from.lost ? std::optional(wall(*from.lost)) : std::nullopt;
  status_.user = from.user;
  story_.report(from, session_.settings().url, session_.joined_count(), now);
  handler_.on_status(status_);
}

void client::impl::watch_token() {
  token_ = std::make_unique<token_source>(context_, session_.settings().token, log_, [this] {
    session_.on_token(token_->read(), at());
    perform();
  });
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
  });
}

void client::impl::flush() {
  if (outgoing_.empty()) return;
  if (transport_) transport_->write(outgoing_);
  outgoing_.clear();
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
void client::reconfigure(options changed) {
  impl_->reconfigure(std::move(changed));
}
void client::reconnect() {
  impl_->reconnect();
}
void client::emit(const emit_request& request, std::function<void(const emit_result&)> done) {
  impl_->emit(request, std::move(done));
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

}  // namespace roombridge::upstream
