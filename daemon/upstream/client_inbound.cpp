// SPDX-License-Identifier: MIT
// What the server sends: events straight to the handler, the rest to the session.
#include "daemon/upstream/client_impl.hpp"

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
  // What was missed is delivered, but answers nothing that was asked on this connection.
  for (const auto& missed : session_.recovery().take_held()) {
    padded_buffer data;
    data.append(missed.data);
    const std::vector<bytes_view> attachments(missed.attachments.begin(), missed.attachments.end());
    handler_.on_event(session_.recovery().strip(data.view(), missed.ack.has_value()), attachments, ticket(missed.ack));
  }
  perform();
}

void client::impl::on_event(const socketio::packet& packet, std::span<const bytes_view> attachments) {
  if (trace_.on()) trace_received(packet, attachments);
  if (packet.nsp != session_.settings().nsp) return on_malformed("an event of a namespace that was not joined");
  recovery& offsets = session_.recovery();
  if (offsets.holding()) return offsets.hold(packet, attachments);
  const auto event =
      handler_.on_event(offsets.strip(packet.data, packet.id.has_value()), attachments, ticket(packet.id));
  if (!event || !session_.is_answer(event->name)) return;
  session_.on_event(event->name, event->arguments, at());
  perform();
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
