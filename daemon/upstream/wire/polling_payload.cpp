// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/polling_payload.hpp"

#include <algorithm>

namespace roombridge::upstream::polling_payload {
namespace {

std::string_view up_to_max_packets(std::string_view payload) {
  std::size_t end = payload.find(separator);
  for (std::size_t packets = 1; packets < max_packets && end != std::string_view::npos; ++packets) {
    end = payload.find(separator, end + 1);
  }
  return payload.substr(0, end);
}

}  // namespace

void append_text(std::string& out, std::string_view packet) {
  if (!out.empty()) out += separator;
  out.append(packet);
}

void append_binary(std::string& out, std::string_view packet) {
  append_text(out, "b");
  append_base64(out, packet);
}

std::string_view first_packets(std::string_view payload, std::size_t limit) {
  const std::string_view some = up_to_max_packets(payload);
  if (some.size() <= limit) return some;
  auto end = some.rfind(separator, limit);
  if (end == std::string_view::npos) end = some.find(separator);
  return some.substr(0, end);
}

std::string_view take_packet(std::string_view& payload) {
  const std::string_view packet = payload.substr(0, payload.find(separator));
  payload.remove_prefix(std::min(packet.size() + 1, payload.size()));
  return packet;
}

std::string_view take_piece(std::string_view& payload, std::size_t limit) {
  std::size_t size = payload.size();
  if (size > limit) {
    auto end = payload.rfind(separator, limit - 1);
    if (end == std::string_view::npos) end = payload.find(separator);
    if (end != std::string_view::npos) size = end + 1;
  }
  const std::string_view piece = payload.substr(0, size);
  payload.remove_prefix(size);
  return piece;
}

}  // namespace roombridge::upstream::polling_payload
