// SPDX-License-Identifier: MIT
#include "daemon/upstream/client/packet_trace.hpp"

#include <array>
#include <roombridge/proto/printable.hpp>

#include "daemon/upstream/cause.hpp"
#include "daemon/upstream/wire/json_shape.hpp"

namespace roombridge::upstream {
namespace {

constexpr std::size_t longest_name = 100;  // bytes of an event's name, or of a namespace
constexpr std::string_view left_out = "…";

std::string_view name_of(engineio::packet_type type) {
  switch (type) {
    case engineio::packet_type::open:
      return "open";
    case engineio::packet_type::close:
      return "close";
    case engineio::packet_type::ping:
      return "ping";
    case engineio::packet_type::pong:
      return "pong";
    case engineio::packet_type::message:
      return "message";
    case engineio::packet_type::upgrade:
      return "upgrade";
    case engineio::packet_type::noop:
      return "noop";
  }
  return "";
}

std::string_view name_of(socketio::packet_type type) {
  constexpr std::array<std::string_view, 7> names{"connect",       "disconnect",   "event",     "ack",
                                                  "connect_error", "binary_event", "binary_ack"};
  return names[static_cast<std::size_t>(type)];
}

std::string describe_open(std::string_view data) {
  const auto open = engineio::parse_open(data);
  if (!open) return std::string(left_out);
  std::string out = "{sid:…,pingInterval:" + std::to_string(open->ping_interval.count()) +
                    ",pingTimeout:" + std::to_string(open->ping_timeout.count());
  if (open->max_payload) out += ",maxPayload:" + std::to_string(*open->max_payload);
  return out + (open->offers_websocket ? ",upgrades:[websocket]}" : "}");
}

// An escaped name is not looked into: it might be one of these.
bool is_of_authentication(std::string_view name, const auth_options& auth) {
  return name == auth.request || name == auth.success || name == auth.error ||
         name.find('\\') != std::string_view::npos;
}

void describe_data(const socketio::packet& packet, const auth_options& auth, trace_line& line) {
  switch (packet.type) {
    case socketio::packet_type::event:
    case socketio::packet_type::binary_event:
      if (auto event = shape_of_event(packet.data)) {
        line.event = proto::printable(event->name, longest_name);
        line.shape = is_of_authentication(event->name, auth) ? std::string(left_out) : std::move(event->arguments);
        return;
      }
      break;
    case socketio::packet_type::ack:
    case socketio::packet_type::binary_ack:
      line.shape = json_shape(packet.data);
      return;
    default:
      break;
  }
  if (!packet.data.empty()) line.shape = left_out;
}

}  // namespace

trace_line describe_packet(const engineio::packet& packet) {
  trace_line line{.engine = name_of(packet.type)};
  if (packet.type == engineio::packet_type::open) line.shape = describe_open(packet.data);
  return line;
}

trace_line describe_packet(const socketio::packet& packet, std::vector<std::uint32_t> attachments,
                           const auth_options& auth) {
  trace_line line{.engine = name_of(engineio::packet_type::message),
                  .packet = name_of(packet.type),
                  .nsp = proto::printable(packet.nsp, longest_name),
                  .ack = packet.id,
                  .bytes = packet.data.size(),
                  .attachments = std::move(attachments)};
  describe_data(packet, auth, line);
  return line;
}

trace_line describe_text(std::string_view text, std::vector<std::uint32_t> attachments, const auth_options& auth) {
  const auto outer = engineio::decode(text);
  if (!outer) return {};
  if (outer->type != engineio::packet_type::message) return describe_packet(*outer);
  const auto inner = socketio::decode(outer->data);
  return inner ? describe_packet(*inner, std::move(attachments), auth) : describe_packet(*outer);
}

}  // namespace roombridge::upstream
