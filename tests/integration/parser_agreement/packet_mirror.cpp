// SPDX-License-Identifier: MIT
// Decodes messages with the daemon's codecs, encodes them again and says what it found; parser_agreement.js compares
// that with the reference. Standard input: messages, each a little-endian u32 length, a kind (t text, b binary, r
// forget what came before, p a payload of HTTP long-polling) and its bytes. Standard output: a line of JSON for each
// text and payload, and one more for each packet whose attachments are complete.
#include <boost/json.hpp>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "daemon/upstream/wire/binary_assembler.hpp"
#include "daemon/upstream/wire/engineio.hpp"
#include "daemon/upstream/wire/polling_payload.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace {

namespace json = boost::json;
namespace engineio = roombridge::upstream::engineio;
namespace polling_payload = roombridge::upstream::polling_payload;
namespace socketio = roombridge::upstream::socketio;

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 0xF];
  }
  return text;
}

// The size of the JSON string that `text` begins with, or 0.
std::size_t string_size(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

// Nothing when the data does not begin with a name that is a text.
bool append_event(std::string& out, const socketio::packet& packet) {
  const auto elements = packet.data.substr(1);
  const std::size_t size = string_size(elements);
  boost::system::error_code failed;
  const auto name = json::parse(elements.substr(0, size), failed);
  if (failed || size == 0 || !packet.data.ends_with(']')) return false;
  auto arguments = elements.substr(size);
  if (arguments.starts_with(',')) arguments.remove_prefix(1);
  const std::string array = "[" + std::string{arguments};
  socketio::append_event(out, packet.nsp, name.as_string(), array, packet.id, packet.attachments);
  return true;
}

json::value encode(const socketio::packet& packet) {
  using enum socketio::packet_type;
  std::string out;
  engineio::append_packet(out, engineio::packet_type::message);
  switch (packet.type) {
    case connect:
      socketio::append_connect(out, packet.nsp, packet.data);
      return out.c_str();
    case disconnect:
      socketio::append_disconnect(out, packet.nsp);
      return out.c_str();
    case event:
    case binary_event:
      if (!append_event(out, packet)) return nullptr;
      return out.c_str();
    case ack:
    case binary_ack:
      if (!packet.data.ends_with(']')) return nullptr;
      socketio::append_ack(out, packet.nsp, *packet.id, packet.data, packet.attachments);
      return out.c_str();
    case connect_error:
      break;
  }
  return nullptr;
}

json::object describe(const socketio::packet& packet) {
  json::object line;
  line["type"] = static_cast<int>(packet.type);
  line["nsp"] = packet.nsp;
  line["count"] = packet.attachments;
  if (packet.id) line["id"] = std::to_string(*packet.id);
  line["data"] = packet.data;
  line["encoded"] = encode(packet);
  return line;
}

json::object describe(const socketio::binary_assembler& assembler) {
  json::object line = describe(assembler.assembled());
  json::array& attachments = line["attachments"].emplace_array();
  for (const auto bytes : assembler.attachments()) attachments.emplace_back(hex(bytes));
  return line;
}

json::object failure(std::string_view words) {
  return {{"error", words}};
}

json::object take_text(std::string_view text, socketio::binary_assembler& assembler) {
  const auto outer = engineio::decode(text);
  if (!outer) return failure(engineio::to_string(outer.error()));
  if (outer->type != engineio::packet_type::message) {
    std::string encoded;
    engineio::append_packet(encoded, outer->type, outer->data);
    return {{"engine", std::string(1, static_cast<char>(outer->type))}, {"data", outer->data}, {"encoded", encoded}};
  }
  const auto packet = socketio::decode(outer->data);
  if (!packet) return failure(socketio::to_string(packet.error()));
  if (packet->attachments > 0) {
    if (const auto why = assembler.begin(*packet)) return failure(socketio::to_string(*why));
  }
  return describe(*packet);
}

std::optional<json::object> take_binary(std::string_view bytes, socketio::binary_assembler& assembler) {
  if (const auto why = assembler.add(bytes)) return failure(socketio::to_string(*why));
  if (!assembler.complete()) return std::nullopt;
  json::object line = describe(assembler);
  assembler.clear();
  return line;
}

json::object take_payload(std::string_view payload) {
  json::object line;
  json::array& packets = line["packets"].emplace_array();
  std::string encoded;
  while (!payload.empty()) {
    const std::string_view packet = polling_payload::take_packet(payload);
    if (!polling_payload::is_binary(packet)) {
      packets.push_back(json::object{{"text", packet}});
      polling_payload::append_text(encoded, packet);
    } else if (const auto bytes = polling_payload::decode_binary(packet)) {
      packets.push_back(json::object{{"binary", hex(std::as_bytes(std::span{*bytes}))}});
      polling_payload::append_binary(encoded, *bytes);
    } else {
      packets.push_back(json::object{{"no_base64", packet}});
    }
  }
  line["encoded"] = encoded;
  return line;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  const std::string input{std::istreambuf_iterator<char>{std::cin}, {}};
  socketio::binary_assembler assembler{1 << 20};
  for (std::string_view rest = input; rest.size() >= 5;) {
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data(), sizeof size);
    const char kind = rest[4];
    const std::string_view bytes = rest.substr(5, size);
    rest.remove_prefix(5 + bytes.size());
    if (kind == 'r') assembler.clear();
    if (kind == 'p') std::cout << take_payload(bytes) << '\n';
    if (kind == 't') std::cout << take_text(bytes, assembler) << '\n';
    if (kind == 'b') {
      if (const auto line = take_binary(bytes, assembler)) std::cout << *line << '\n';
    }
  }
  return 0;
}
