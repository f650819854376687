// SPDX-License-Identifier: MIT
// What the server sends: events straight to the handler, the rest to the session.
#include "daemon/upstream/client/client_impl.hpp"

namespace roombridge::upstream {
namespace {

// What stands between the brackets of an acknowledgement's array, which nobody has checked.
std::string_view arguments_of(std::string_view data) {
  return data.size() < 2 ? std::string_view{} : data.substr(1, data.size() - 2);
}

}  // namespace

void client::impl::on_engine_packet(const engineio::packet& packet) {
  if (trace_.on()) trace_packet(false, describe_packet(packet));
  session_.on_engine_packet(packet, at());
  perform();
}

void client::impl::on_packet(const socketio::packet& packet) {
  if (trace_.on()) trace_received(packet, {});
  session_.on_packet(packet, at());
  // What was missed comes before what the new session tells, and answers nothing that was asked on this connection;
  // what a new session told early is a part of it.
  const bool recovered = session_.recovery().recovered();
  if (!recovered) perform();
  for (const auto& early : session_.recovery().take_held()) {
    if (closing_) break;
    padded_buffer data;
    data.append(early.data);
    const std::vector<bytes_view> attachments(early.attachments.begin(), early.attachments.end());
    deliver(data.view(), early.ack, attachments, !recovered && session_.answers_unasked());
  }
  perform();
}

void client::impl::on_event(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  if (trace_.on()) trace_received(packet, attachments);
  if (packet.nsp != session_.settings().nsp) return on_malformed("an event of a namespace that was not joined");
  if (session_.recovery().holding()) return session_.recovery().hold(packet, attachments);
  deliver(packet.data, packet.id, attachments, true);
}

// `may_answer`: it may be the answer to the authentication.
void client::impl::deliver(std::string_view data, std::optional<std::uint64_t> ack,
                           std::span<const bytes_view> attachments, bool may_answer) {
  const std::string_view event = session_.recovery().strip(data, ack.has_value());
  handler_.on_event(event, attachments, ticket(ack));
  if (may_answer && session_.on_event(event, at())) perform();
}

std::optional<ack_ticket> client::impl::ticket(std::optional<std::uint64_t> id) const {
  return id ? std::optional(ack_ticket{connection_, *id}) : std::nullopt;
}

void client::impl::acknowledge(const ack_ticket& wanted) {
  if (wanted.connection != connection_ || !transport_ || closing_ || !session_.namespace_joined()) return;
  std::string packet;
  std::string text;
  socketio::append_ack(packet, session_.settings().nsp, wanted.id, "[]");
  engineio::append_packet(text, engineio::packet_type::message, packet);
  send(text, std::span<const bytes_view>());
  flush();
}

void client::impl::on_ack(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  if (trace_.on()) trace_received(packet, attachments);
  if (packet.nsp != session_.settings().nsp) return;
  if (session_.on_auth_ack(*packet.id, arguments_of(packet.data), at())) return perform();
  if (session_.on_room_ack(*packet.id, arguments_of(packet.data), at())) return perform();
  if (!session_.take_ack(*packet.id)) return;
  const auto found = emits_.find(*packet.id);
  const auto done = std::move(found->second);
  emits_.erase(found);
  done({emit_outcome::acked, emit_error::none, {}, packet.data, attachments});
}

void client::impl::on_malformed(std::string_view why) {
  ++counters_.malformed;
  if (trace_.on()) trace_.step("dropped", std::string(why));
  story_.malformed(why, at());
}

void client::impl::trace_received(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  trace_packet(false, describe_packet(packet, sizes_of(attachments), session_.settings().auth));
}

void client::impl::trace_packet(bool outgoing, trace_line line) {
  line.outgoing = outgoing;
  line.transport = session_.status().transport;
  trace_.tell(std::move(line));
}

void client::impl::on_broken(const failure& why, std::uint16_t code) {
  session_.on_transport_end(why, at(), code);
  perform();
}

}  // namespace roombridge::upstream
