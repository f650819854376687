// SPDX-License-Identifier: MIT
// The upstream session as a pure machine: tokens, decoded packets, time and random numbers come in, actions come out.
// The client drives it: after every input it takes the actions and performs them in order.
//
//   offline -> connecting -> connected -> authenticating -> authenticated
//
// Invariants: nothing is sent before the namespace's CONNECT was answered, but that CONNECT itself and pongs; rooms are
// asked for after every authentication; every emit that asked for an acknowledgement ends in exactly one of take_ack()
// and action::fail_emit, and one that was held before in one of action::send_held and action::drop_held; every wait for
// a room in one action::answer_join; after action::close the connection's packets and its end are no inputs any more.
// session.cpp is how a connection comes about, session_end.cpp how it ends and when the next one begins,
// session_auth.cpp tokens and authentication, session_rooms.cpp rooms, session_expiry.cpp tokens that run out,
// session_system.cpp networks and sleep,
// session_emit.cpp emits.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/base/backoff.hpp"
#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/options.hpp"
#include "daemon/upstream/payload_template.hpp"
#include "daemon/upstream/request_extras.hpp"
#include "daemon/upstream/secrets.hpp"
#include "daemon/upstream/session/auth_answers.hpp"
#include "daemon/upstream/session/deadline_table.hpp"
#include "daemon/upstream/session/held_emits.hpp"
#include "daemon/upstream/session/moment.hpp"
#include "daemon/upstream/session/pending_emits.hpp"
#include "daemon/upstream/session/recovery.hpp"
#include "daemon/upstream/session/room_book.hpp"
#include "daemon/upstream/session/saved_session.hpp"
#include "daemon/upstream/session/session_action.hpp"
#include "daemon/upstream/session/transport_choice.hpp"
#include "daemon/upstream/status.hpp"
#include "daemon/upstream/token_reading.hpp"
#include "daemon/upstream/wire/engineio.hpp"
#include "daemon/upstream/wire/json_text.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream {

class session {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit session(options initial);

  // What an earlier life of the daemon has left; before start(). It counts if it was with this server.
  void resume(saved_session from, moment at);
  // From the first attempt on; once.
  void start(moment at);
  // Leaves for good, without Socket.IO DISCONNECT. Other inputs have no effect afterwards.
  void stop(moment at);
  // What the next life may resume, once this one is stopped; nothing after a logout, or where nobody was logged in.
  [[nodiscard]] std::optional<saved_session> saved(moment at) const;
  // What a crash would leave: where a session is authenticated, that session, as if it ended now; otherwise saved().
  [[nodiscard]] std::optional<saved_session> left_by_a_crash(moment at) const;
  void reconnect(moment at);
  // `use`: whether the connection is kept, if there is one. A changed token source is the client's: it calls on_token()
  // afterwards.
  void reconfigure(options changed, connection_use use, moment at);

  // The answer to read_token, and whenever the token may have changed.
  void on_token(token_reading reading, moment at);

  void on_transport_open(moment at);
  // Bytes came from the server, whatever they are; before what they hold.
  void on_heard(time_point now) { heard_at_ = now; }
  // The session has moved from polling to WebSocket.
  void on_upgrade();
  // The attempt failed, the connection ended, or the client found the stream meaningless; `code`: what to close with,
  // if it is still open.
  void on_transport_end(const failure& why, moment at, std::optional<std::uint16_t> code = std::nullopt);

  // The server has ended the connection in its turn after action::close: until then it was there.
  void on_close_answered();

  // Any packet but a message.
  void on_engine_packet(const engineio::packet& packet, moment at);
  // CONNECT, CONNECT_ERROR and DISCONNECT; others have no effect.
  void on_packet(const socketio::packet& packet, moment at);
  // Whether the server may answer before it has answered CONNECT: only where nothing asks for it later.
  [[nodiscard]] bool answers_unasked() const { return options_.auth.mode != auth_mode::event; }
  // An event that may be an answer to the authentication: the JSON array as the server wrote it, perhaps no legal one.
  // False: it is none, and nothing has changed.
  bool on_event(std::string_view data, moment at);

  // A network came up or changed. Whoever waits because of the network tries at once, though not more often than the
  // shortest delay allows.
  void on_network_change(moment at);
  // The wall clock was set, or the machine slept for so long, which `at.now` does not know of.
  void on_clock_change(std::chrono::milliseconds slept, moment at);

  // A deadline has passed; harmless at any other time.
  void on_time(moment at);
  // When on_time() is wanted next.
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  // Decides over an emit. Accepted (error none): `out` holds the text message, the attachments are to follow it, and
  // `id` is set when an acknowledgement is awaited. Otherwise the outcome is not_sent.
  struct verdict {
    emit_error error = emit_error::none;
    std::string text;
    std::optional<std::uint64_t> id;
    std::optional<std::uint64_t> held;  // one of action::send_held and action::drop_held will follow; nothing is sent
  };
  [[nodiscard]] verdict emit(const emit_request& request, std::string& out, moment at);
  // A local program wants a room; see room_holds. `waiter` is set when action::answer_join will follow.
  struct join_verdict {
    join_error error = join_error::none;
    std::string text;
    room_state state = room_state::waiting;
    std::optional<std::uint64_t> waiter;
  };
  [[nodiscard]] join_verdict hold_room(room_holder who, const std::string& room, milliseconds deadline, moment at,
                                       share_holder user = {});
  // False: it does not hold it.
  bool release_room(room_holder who, const std::string& room, moment at);
  // An acknowledgement came that may be the answer to the authentication; false: it is not. `arguments`: JSON without
  // the brackets.
  [[nodiscard]] bool on_auth_ack(std::uint64_t id, std::string_view arguments, moment at);
  // An acknowledgement came that may decide over a room; false: it is about none. `arguments`: JSON without the
  // brackets.
  [[nodiscard]] bool on_room_ack(std::uint64_t id, std::string_view arguments, moment at);

  // An acknowledgement came; false: nobody waits for it.
  [[nodiscard]] bool take_ack(std::uint64_t id);

  [[nodiscard]] std::vector<session_action> take_actions() { return std::exchange(actions_, {}); }

  // Events go through it before they are delivered.
  [[nodiscard]] upstream::recovery& recovery() { return recovery_; }
  [[nodiscard]] const upstream::recovery& recovery() const { return recovery_; }

  // Servers repeat the token, or its beginning, in what they say of it: it must not reach a log.
  [[nodiscard]] std::string cleared(std::string_view text) const { return hidden_->hide(text); }
  // The list behind it. What the session does not know of, a proxy's credentials, is put in by who does.
  // Shared with whoever shows what a peer says: a copy would keep secrets that are none any more.
  [[nodiscard]] const std::shared_ptr<secrets>& hidden() const { return hidden_; }

  [[nodiscard]] const options& settings() const { return options_; }
  [[nodiscard]] const session_status& status() const { return status_; }
  [[nodiscard]] const session_counters& counters() const { return counters_; }
  [[nodiscard]] const room_book& rooms() const { return rooms_; }
  [[nodiscard]] std::size_t held_count() const { return held_.count(); }
  [[nodiscard]] bool stopped() const { return phase_ == phase::stopped; }
  // The engine's open packet has come, and says how much the server takes.
  [[nodiscard]] bool max_payload_announced() const { return engine_ && engine_->max_payload; }
  [[nodiscard]] bool namespace_joined() const { return phase_ >= phase::connected; }

 private:
  // In the order of a connection's life: comparisons rely on it.
  enum class phase {
    stopped,         // not started, or stopped
    idle,            // no connection; retry_at_ may be set
    opening,         // DNS, TCP, TLS, HTTP
    engine,          // waits for the engine's open packet
    joining,         // waits for the namespace's answer
    connected,       // the token was refused: waits for another one, or for retry_at_
    authenticating,  // waits for the answer
    authenticated,
  };

  // session.cpp
  void begin_attempt();
  void connect(moment at);
  void open_engine(std::string_view data, moment at);
  void join_namespace(const socketio::connect_reply& reply, moment at);
  void refuse_connect(std::string_view data, moment at);
  void enter(phase next, state shown);
  failure blame(failure what);
  void explain(const failure& why);
  void absolve();
  [[nodiscard]] std::string quoted(std::string_view words) const;
  void hide_settings();
  void report();
  void send(engineio::packet_type type, std::string_view data);

  // session_end.cpp
  void miss_deadline(moment at);
  void end(const failure& told, moment at, std::optional<std::uint16_t> code);
  void forget_connection(const failure& why);
  [[nodiscard]] std::string_view choose_transport(cause why);
  [[nodiscard]] std::string note_pause(const failure& told, moment at);
  [[nodiscard]] bool keep_pause(moment at);
  [[nodiscard]] retry_policy policy_for(cause why, moment at) const;
  void schedule(const failure& why, retry_policy policy, moment at);
  void leave_authenticated(cause why, moment at);
  void reset_delays();

  // session_auth.cpp
  void accept(std::string_view arguments, moment at);
  [[nodiscard]] std::string whose(const std::string& user) const;
  [[nodiscard]] std::optional<std::string> expected_user() const;
  void warn_of_unnamed(const std::string& user);
  void become(const std::string& user);
  void refuse(const std::string& said, moment at);
  void authenticate(moment at);
  [[nodiscard]] json_fields token_fields() const;
  [[nodiscard]] std::variant<request_extras, failure> handshake_extras() const;
  [[nodiscard]] json_fields identity_of(std::string_view answer) const;
  [[nodiscard]] std::string no_field(const missing_field& missing) const;
  [[nodiscard]] static failure unusable_payload(const missing_field& missing);
  void lack_token(moment at);
  void log_out(moment at);
  void keep_token(const failure& why, moment at);

  // session_rooms.cpp
  [[nodiscard]] std::vector<room_name> fixed_rooms(const json_fields& identity) const;
  void enter_rooms(json_fields identity, moment at);
  void forget_identity();
  void adjust_rooms(moment at);
  void miss_room_answers(const std::vector<room_name>& rooms);
  void leave_rooms();
  [[nodiscard]] std::string join(const room_name& room, moment at);
  [[nodiscard]] std::string send_room(std::string_view event, const room_name& room,
                                      std::optional<std::uint64_t> ack = std::nullopt);
  void tell_rooms();

  // session_expiry.cpp
  void learn_expiry();
  void plan_refresh(moment at);
  void miss_newer_token(moment at);

  // session_system.cpp
  void try_early(moment at);

  // session_emit.cpp
  void fail_emits(const std::string& text);
  void expire_emits(time_point now);
  [[nodiscard]] verdict make_packet(const emit_request& request, std::string& out, time_point deadline);
  [[nodiscard]] verdict hold_emit(const emit_request& request, moment at);
  void resume_held(moment at);
  void send_held();
  void drop_held(emit_error error, const std::string& text);
  void drop_revoked();

  options options_;
  phase phase_ = phase::stopped;
  session_status status_;
  bool blamed_ = false;  // status_ says what is wrong with this connection
  session_counters counters_;
  std::vector<session_action> actions_;

  std::shared_ptr<secrets> hidden_ = std::make_shared<secrets>();
  token_reading token_;
  bool awaits_token_ = false;                // read_token is out
  bool refreshing_ = false;                  // a read_token is out because the token will expire
  std::optional<std::string> refused_;       // the token that the server refused
  std::optional<time_point> refused_until_;  // not to be tried again before
  bool token_sent_ = false;  // this connection carries it from its beginning: another token needs another connection
  bool warned_of_unnamed_ = false;
  json_fields identity_;              // the auth answer's fields
  std::optional<std::string> whose_;  // identifies the user of the last authenticated session with this server

  room_book rooms_;

  deadline_table deadlines_;
  std::optional<engineio::open> engine_;
  auth_answers answers_;
  struct pause {
    time_point until;
    failure why;
  };
  std::optional<pause> pause_;              // the server wants no attempt before
  std::optional<time_point> worked_until_;  // when the last authenticated session ended
  std::optional<time_point> hinted_at_;     // the last early attempt
  time_point heard_at_{};                   // when the last bytes came
  std::optional<time_point> lost_at_;       // until when the last authenticated session certainly missed nothing
  std::optional<time_point> left_at_;       // when it ended, while it is not known whether the server heard of it
  bool live_ = false;                       // authenticated on this connection, and not refused since
  upstream::recovery recovery_;
  bool counted_ = false;  // this connection's authentication was counted
  transport_choice choice_;
  std::size_t fruitless_ = 0;  // attempts that did not join the namespace
  backoff normal_;
  backoff slow_;
  backoff refusals_;

  held_emits held_;

  std::uint64_t next_id_ = 0;
  pending_emits pending_;
};

}  // namespace roombridge::upstream
