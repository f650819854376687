// SPDX-License-Identifier: MIT
#include "tests/upstream/server.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json/serialize.hpp>

#include "tests/upstream/session.hpp"

namespace test_upstream {
namespace {

// A client's membership in one namespace.
struct member {
  std::string nsp;
  std::string user;  // empty: not authenticated
  std::set<std::string, std::less<>> rooms;
};

struct client {
  std::shared_ptr<test_upstream::session> session;
  std::map<std::string, member, std::less<>> members;  // by namespace
};

std::string message_object(std::string_view message) {
  return "{\"message\":" + json_string(message) + "}";
}

bool has_parameter(std::string_view query, std::string_view name_and_value) {
  for (std::size_t at = 0; at <= query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    if (query.substr(at, end - at) == name_and_value) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

class server::impl {
 public:
  impl(boost::asio::io_context& context, server_options options, report_function on_report);

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  std::size_t emit(const outgoing& what, std::span<const std::string> rooms);
  std::size_t emit_with_ack(outgoing what);
  void send_text(std::string_view message);
  bool send_frames(std::uint64_t id, std::span<const std::byte> bytes, std::function<void(bool ok)> done);
  void kick_all();
  void drop_all();
  void refuse(std::optional<unsigned> http_status) { refuse_with_ = http_status; }
  void disturb(std::optional<fault> what) { faults_.set(std::move(what)); }

 private:
  handshake_verdict decide(std::string_view target) const;
  std::optional<fault> strike(step at, std::uint64_t client);
  void accept(std::unique_ptr<web_socket> socket);
  void end(std::uint64_t id, std::string_view why);
  void on_packet(client& from, packet what);
  void on_connect(client& from, const packet& what);
  void on_event(client& from, member& as, const packet& what);
  bool log_in(client& from, member& as, std::string_view token);
  void tell(report::kind what, const client& who, std::string_view name, std::string_view text = {}) const;

  // What became of an event that this backend knows; the message is for the acknowledgement.
  struct outcome {
    bool ok = true;
    std::string message;
  };
  outcome authenticate(client& from, member& as, const packet& what);
  outcome change_room(client& from, member& as, const packet& what, bool join);
  outcome update_reservation(const member& as, const packet& what);
  static bool echo(client& from, const member& as, const packet& what);

  boost::asio::io_context& context_;
  server_options options_;
  report_function on_report_;
  std::optional<unsigned> refuse_with_;
  fault_plan faults_;
  std::uint64_t last_client_ = 0;
  std::uint64_t last_ack_ = 0;
  std::map<std::uint64_t, std::unique_ptr<client>> clients_;
  web_socket_listener listener_;
};

server::impl::impl(boost::asio::io_context& context, server_options options, report_function on_report)
    : context_(context),
      options_(std::move(options)),
      on_report_(std::move(on_report)),
      listener_(
          context, options_.port, options_.session.max_payload,
          [this](std::string_view target) { return decide(target); }, [this](step at) { return strike(at, 0); },
          [this](std::unique_ptr<web_socket> socket) { accept(std::move(socket)); }) {}

handshake_verdict server::impl::decide(std::string_view target) const {
  if (refuse_with_) return {*refuse_with_, R"({"code":4,"message":"Forbidden"})"};
  const auto question = target.find('?');
  if (target.substr(0, question) != "/socket.io/") return {404, R"({"message":"not found"})"};
  const auto query = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  if (!has_parameter(query, "EIO=4")) return {400, R"({"code":5,"message":"Unsupported protocol version"})"};
  if (!has_parameter(query, "transport=websocket")) return {400, R"({"code":0,"message":"Transport unknown"})"};
  return {};
}

std::optional<fault> server::impl::strike(step at, std::uint64_t client) {
  auto struck = faults_.take(at);
  if (struck) on_report_({report::kind::struck, client, to_string(at), to_string(struck->what), {}});
  return struck;
}

void server::impl::accept(std::unique_ptr<web_socket> socket) {
  const auto id = ++last_client_;
  auto& entry = *clients_.emplace(id, std::make_unique<client>()).first->second;
  entry.session = std::make_shared<session>(
      context_, std::move(socket), id, options_.session, [this, id](step at) { return strike(at, id); },
      [this, &entry](packet what) { on_packet(entry, std::move(what)); },
      [this, id](std::string_view why) { end(id, why); });
  entry.session->start();
}

void server::impl::end(std::uint64_t id, std::string_view why) {
  const auto node = clients_.extract(id);
  tell(report::kind::disconnected, *node.mapped(), {}, why);
}

void server::impl::tell(report::kind what, const client& who, std::string_view name, std::string_view text) const {
  on_report_({what, who.session->id(), name, text, {}});
}

void server::impl::on_packet(client& from, packet what) {
  if (what.type == packet_type::connect) return on_connect(from, what);
  const auto as = from.members.find(what.nsp);
  if (as == from.members.end()) return from.session->close("a packet for a namespace that it has not joined");
  if (what.type == packet_type::disconnect) {
    from.members.erase(as);
  } else if (what.is_ack()) {
    on_report_({report::kind::acked, from.session->id(), {}, what.arguments(), what.attachments});
  } else {
    on_event(from, as->second, what);
  }
}

void server::impl::on_connect(client& from, const packet& what) {
  const auto refuse = [&](std::string_view message) {
    tell(report::kind::refused, from, what.nsp, message);
    from.session->send_control(packet_type::connect_error, what.nsp, message_object(message));
  };
  if (from.members.contains(what.nsp)) return from.session->close("a second CONNECT of the same namespace");
  if (!options_.namespaces.contains(what.nsp)) return refuse("Invalid namespace");
  member joined{what.nsp, {}, {}};
  const auto* auth = what.data.if_object();
  const auto* token = auth != nullptr ? auth->if_contains("token") : nullptr;
  if (token != nullptr) {
    const auto user =
        token->is_string() ? options_.tokens.find(std::string_view{token->get_string()}) : options_.tokens.end();
    if (user == options_.tokens.end()) return refuse("invalid token");
    joined.user = user->second;
    joined.rooms.insert("user-" + joined.user);
  }
  from.session->connected();
  from.session->send(step::connect, encode_control(packet_type::connect, what.nsp,
                                                   "{\"sid\":\"socket-" + std::to_string(from.session->id()) + "\"}"));
  tell(report::kind::connected, from, what.nsp);
  if (!joined.user.empty()) tell(report::kind::authenticated, from, joined.user);
  if (options_.echo) {
    const auto payload = auth != nullptr ? boost::json::serialize(*auth) : std::string{"{}"};
    from.session->send(step::established, {.event = "auth", .arguments = "[" + payload + "]", .nsp = what.nsp});
  }
  from.members.emplace(what.nsp, std::move(joined));
}

void server::impl::on_event(client& from, member& as, const packet& what) {
  if (options_.echo && echo(from, as, what)) return;
  const auto name = what.event_name();
  outcome result;
  step at = step::established;
  if (name == "authenticate") {
    result = authenticate(from, as, what);
  } else if (name == "join_room" || name == "leave_room") {
    if (name == "join_room") at = step::join;
    result = change_room(from, as, what, name == "join_room");
  } else {
    on_report_({report::kind::event, from.session->id(), name, what.arguments(), what.attachments});
    if (name == "reservation_update") result = update_reservation(as, what);
  }
  if (!what.id) {
    if (at == step::join) from.session->send(at, std::string{});
    return;
  }
  const auto answer =
      result.ok ? std::string{R"([{"ok":true}])"} : R"([{"ok":false,"message":)" + json_string(result.message) + "}]";
  from.session->send(at, {.event = {}, .arguments = answer, .id = what.id, .nsp = as.nsp});
}

server::impl::outcome server::impl::authenticate(client& from, member& as, const packet& what) {
  // A token is never reported: what this program prints ends up in logs.
  const auto user = options_.tokens.find(what.field("token"));
  if (user == options_.tokens.end()) {
    tell(report::kind::refused, from, "token", "invalid token");
    from.session->send(step::authenticate,
                       {.event = "auth_error", .arguments = R"([{"message":"invalid token"}])", .nsp = as.nsp});
    return {false, "invalid token"};
  }
  as.user = user->second;
  as.rooms.insert("user-" + as.user);
  tell(report::kind::authenticated, from, as.user);
  const auto answer = "[{\"userId\":" + json_string(as.user) + ",\"role\":\"owner\"}]";
  from.session->send(step::authenticate, {.event = "auth_success", .arguments = answer, .nsp = as.nsp});
  return {};
}

server::impl::outcome server::impl::change_room(client& from, member& as, const packet& what, bool join) {
  const auto room = what.field("roomId");
  if (as.user.empty() || room.empty()) {
    const std::string why = room.empty() ? "no roomId" : "not authenticated";
    tell(report::kind::refused, from, room, why);
    return {false, why};
  }
  if (join ? as.rooms.insert(room).second : as.rooms.erase(room) > 0) {
    tell(join ? report::kind::joined : report::kind::left, from, room);
  }
  return {};
}

server::impl::outcome server::impl::update_reservation(const member& as, const packet& what) {
  if (as.user.empty()) return {false, "not authenticated"};
  const auto reservation = what.field("reservationId");
  if (reservation.empty()) return {false, "no reservationId"};
  const std::vector<std::string> rooms{"reservation-" + reservation, "shop-" + what.field("shopId"),
                                       "user-" + what.field("userId")};
  const auto passed_on = what.arguments();
  emit({.event = "reservation_update", .arguments = passed_on, .attachments = what.attachments, .nsp = as.nsp}, rooms);
  return {};
}

// False: it is none of the suite's events.
bool server::impl::echo(client& from, const member& as, const packet& what) {
  const auto name = what.event_name();
  const auto arguments = what.arguments();
  outgoing answer{.event = {}, .arguments = arguments, .attachments = what.attachments, .nsp = as.nsp};
  if (name == "message") {
    answer.event = "message-back";
  } else if (name == "message-with-ack" && what.id) {
    answer.id = what.id;
  } else {
    return false;
  }
  from.session->send(step::established, answer);
  return true;
}

std::size_t server::impl::emit(const outgoing& what, std::span<const std::string> rooms) {
  std::size_t receivers = 0;
  for (const auto& [id, to] : clients_) {
    const auto as = to->members.find(what.nsp);
    if (as == to->members.end()) continue;
    const auto in_room = [&](const std::string& room) { return as->second.rooms.contains(room); };
    if (!rooms.empty() && std::ranges::none_of(rooms, in_room)) continue;
    to->session->send(step::established, what);
    ++receivers;
  }
  return receivers;
}

std::size_t server::impl::emit_with_ack(outgoing what) {
  what.id = ++last_ack_;
  return emit(what, {});
}

void server::impl::send_text(std::string_view message) {
  for (const auto& [id, to] : clients_) to->session->send_text(std::string{message});
}

bool server::impl::send_frames(std::uint64_t id, std::span<const std::byte> bytes, std::function<void(bool ok)> done) {
  const auto to = clients_.find(id);
  if (to == clients_.end()) return false;
  to->second->session->send_raw(bytes, std::move(done));
  return true;
}

void server::impl::kick_all() {
  for (const auto& [id, who] : clients_) {
    who->session->send_control(packet_type::disconnect, "/", {});
    who->session->close("kicked");
  }
}

void server::impl::drop_all() {
  for (const auto& [id, who] : clients_) who->session->drop("dropped");
}

server::server(boost::asio::io_context& context, server_options options, report_function on_report)
    : impl_(std::make_unique<impl>(context, std::move(options), std::move(on_report))) {}
server::~server() = default;

std::uint16_t server::port() const {
  return impl_->port();
}
std::size_t server::emit(const outgoing& what, std::span<const std::string> rooms) {
  return impl_->emit(what, rooms);
}
std::size_t server::emit_with_ack(outgoing what) {
  return impl_->emit_with_ack(what);
}
void server::send_text(std::string_view message) {
  impl_->send_text(message);
}
bool server::send_frames(std::uint64_t client, std::span<const std::byte> bytes, std::function<void(bool ok)> done) {
  return impl_->send_frames(client, bytes, std::move(done));
}
void server::kick_all() {
  impl_->kick_all();
}
void server::drop_all() {
  impl_->drop_all();
}
void server::refuse(std::optional<unsigned> http_status) {
  impl_->refuse(http_status);
}
void server::disturb(std::optional<fault> what) {
  impl_->disturb(std::move(what));
}
std::size_t server::clients() const {
  return impl_->clients();
}

}  // namespace test_upstream
