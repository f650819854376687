// SPDX-License-Identifier: MIT
// The driver of the upstream session, as its three units see it: client.cpp has the coroutine that connects and reads,
// and the calls from outside; client_inbound.cpp what the server sends; client_actions.cpp what the session wants done,
// and its timer.
//
// Invariants: there is at most one transport; once the session has closed it, what it still brings goes nowhere;
// actions are performed in order, also those that a callback causes.
#pragma once

#include <random>
#include <unordered_map>

#include "daemon/base/timer.hpp"
#include "daemon/upstream/client/client.hpp"
#include "daemon/upstream/client/packet_trace.hpp"
#include "daemon/upstream/client/send_backlog.hpp"
#include "daemon/upstream/client/status_log.hpp"
#include "daemon/upstream/client/system_watch.hpp"
#include "daemon/upstream/session/session.hpp"
#include "daemon/upstream/token/token_source.hpp"
#include "daemon/upstream/transport/inbound.hpp"
#include "daemon/upstream/transport/transport.hpp"

namespace roombridge::upstream {

// Of the microsecond.
[[nodiscard]] wall_time wall_now();

class client::impl final : private inbound_sink {
 public:
  impl(io::context& context, options initial, client_handler& handler, logger& log)
      : context_(context),
        handler_(handler),
        log_(log),
        story_(log),
        session_(std::move(initial)),
        deadline_(context),
        wake_(context),
        random_(std::random_device{}()) {
    status_.since = wall_now();
    watch_token();
  }

  ~impl() override {
    for (auto& [id, done] : std::exchange(emits_, {})) {
      done({emit_outcome::sent_unknown, emit_error::connection_lost, "the daemon stops", {}, {}});
    }
    for (auto& [id, done] : std::exchange(held_, {})) {
      done({emit_outcome::not_sent, emit_error::not_connected, "the daemon stops", {}, {}});
    }
    for (auto& [waiter, done] : std::exchange(joins_, {})) done({});
  }

  io::task<> run();
  void stop();
  void reconfigure(options changed, connection_use use);
  void reconnect();
  void emit(const emit_request& request, std::function<void(const emit_result&)> done);
  void hold_room(const room_request& wanted, std::function<void(const join_result&)> done);
  bool release_room(room_holder who, const std::string& room);
  void acknowledge(const ack_ticket& wanted);
  void trace(tracer::show_function show);

  const client_status& status() const { return status_; }
  const client_counters& counters() const { return counters_; }
  std::vector<room_status> rooms() const { return session_.rooms().all(); }
  bool recovery_offered() const { return session_.recovery().offered(); }
  std::size_t held() const { return session_.held_count(); }
  void resume(saved_session from) { left_ = std::move(from); }
  std::optional<saved_session> left_by_a_crash() { return session_.left_by_a_crash(at()); }
  std::string hidden(std::string_view text) const { return session_.cleared(text); }
  std::string_view offset() const { return session_.recovery().offset(); }

 private:
  using clock = std::chrono::steady_clock;

  // inbound_sink
  bool wants_more() const override { return !closing_; }
  bool max_payload_announced() const override { return session_.max_payload_announced(); }
  bool namespace_joined() const override { return session_.namespace_joined(); }
  void on_engine_packet(const engineio::packet& packet) override;
  void on_packet(const socketio::packet& packet) override;
  void on_event(const socketio::packet& packet, std::span<const bytes_view> attachments) override;
  void on_ack(const socketio::packet& packet, std::span<const bytes_view> attachments) override;
  void on_malformed(std::string_view why) override;
  void on_broken(const failure& why, std::uint16_t code) override;

  void take_up_the_last_life();
  void deliver(std::string_view data, std::optional<std::uint64_t> ack, std::span<const bytes_view> attachments,
               bool may_answer);
  io::task<> connection(action::connect how);
  std::unique_ptr<transport> make_transport(transport_kind over, const endpoint& where);
  io::task<> read_all(std::string name);

  void perform();
  void perform(const action::read_token&) { token_->read(); }
  void perform(const action::connect& what);
  void perform(const action::close& what);
  void perform(const action::send& what);
  void perform(const action::fail_emit& what);
  void perform(const action::send_held& what);
  void perform(const action::drop_held& what);
  void perform(const action::identify& what);
  void perform(const action::answer_join& what);
  void perform(const action::tell_rooms&) { rooms_changed_ = true; }
  void perform(const action::report& what);
  void perform(const action::note& what) { story_.note(what.text, at()); }

  // Queues a message and its attachments.
  template <class Attachments>
  void send(const std::string& text, const Attachments& attachments) {
    transport_->send_text(text);
    for (const auto& one : attachments) {
      transport_->send_binary({reinterpret_cast<const char*>(one.data()), one.size()});
    }
    if (trace_.on()) trace_packet(true, describe_text(text, sizes_of(attachments), session_.settings().auth));
  }
  [[nodiscard]] std::optional<ack_ticket> ticket(std::optional<std::uint64_t> id) const;
  void trace_received(const socketio::packet& packet, std::span<const bytes_view> attachments);
  void trace_packet(bool outgoing, trace_line line);

  void tell_rooms();
  void on_network_change();
  void on_clock_change(std::chrono::milliseconds slept);
  void watch_token();
  void tell_of_key();
  [[nodiscard]] file_opened tell_opened() {
    return [this](const std::string& path, const file_facts& facts) { handler_.on_secret_file(path, facts); };
  }
  void arm();
  void flush();
  moment at() { return {clock::now(), random_(), std::chrono::system_clock::now()}; }

  io::context& context_;
  client_handler& handler_;
  logger& log_;
  status_log story_;
  tracer trace_;
  session session_;
  std::optional<saved_session> left_;  // until run()
  std::unique_ptr<token_source> token_;
  std::unique_ptr<transport> transport_;
  send_backlog backlog_;
  std::uint64_t connection_ = 0;  // the number of the present one, or of the last
  std::optional<inbound> inbound_;
  std::unordered_map<std::uint64_t, std::function<void(const emit_result&)>> emits_;  // by ack id
  std::unordered_map<std::uint64_t, std::function<void(const emit_result&)>> held_;   // by held_emits's id
  std::unordered_map<std::uint64_t, std::function<void(const join_result&)>> joins_;  // by room_book's waiter
  bool rooms_changed_ = false;                                                        // and the handler does not know
  client_status status_;
  client_counters counters_;
  std::string scratch_;
  io::timer deadline_;
  io::timer wake_;  // never expires; cancelled when run() has something to do
  std::optional<clock::time_point> armed_;
  std::mt19937_64 random_;
  std::optional<system_watch> system_;             // while run() runs
  std::optional<action::connect> connect_wanted_;  // the next attempt
  bool closing_ = false;                           // the session has closed the current connection
  bool performing_ = false;
  bool stop_asked_ = false;
  // Timer handlers that were queued already when this is destroyed find it gone.
  std::shared_ptr<impl*> self_ = std::make_shared<impl*>(this);
};

}  // namespace roombridge::upstream
