// SPDX-License-Identifier: MIT
#include "daemon/upstream/polling_payload.hpp"

#include <algorithm>

namespace roombridge::upstream::polling_payload {

void append_text(std::string& out, std::string_view packet) {
  if (!out.empty()) out += separator;
  out.append(packet);
}

void append_binary(std::string& out, std::string_view packet) {
  append_text(out, "b");
  append_base64(out, packet);
}

std::string_view first_packets(std::string_view payload, std::size_t limit) {
  if (payload.size() <= limit) return payload;
  auto end = payload.rfind(separator, limit);
  if (end == std::string_view::npos) end = payload.find(separator);
  return payload.substr(0, end);
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
