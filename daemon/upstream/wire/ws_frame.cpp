// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/ws_frame.hpp"

#include <cassert>
#include <cstring>

namespace roombridge::upstream {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_length(std::string& out, std::size_t length) {
  if (length <= 125) {
    out += static_cast<char>(mask_bit | length);
  } else if (length <= 0xFFFF) {
    out += static_cast<char>(mask_bit | 126);
    append_big_endian(out, length, 2);
  } else {
    out += static_cast<char>(mask_bit | 127);
    append_big_endian(out, length, 8);
  }
}

void apply_mask(char* bytes, std::size_t size, ws_mask mask) {
  std::uint64_t word = 0;
  std::memcpy(&word, mask.data(), mask.size());
  std::memcpy(reinterpret_cast<char*>(&word) + mask.size(), mask.data(), mask.size());
  std::size_t at = 0;
  for (; size - at >= sizeof word; at += sizeof word) {
    std::uint64_t part = 0;
    std::memcpy(&part, bytes + at, sizeof part);
    part ^= word;
    std::memcpy(bytes + at, &part, sizeof part);
  }
  for (; at < size; ++at) bytes[at] = static_cast<char>(bytes[at] ^ mask[at % mask.size()]);
}

}  // namespace

void append_frame(std::string& out, ws_opcode opcode, std::string_view payload, ws_mask mask) {
  const auto code = static_cast<std::uint8_t>(opcode);
  assert(code < 0x8 || payload.size() <= ws_control_limit);
  out += static_cast<char>(fin_bit | code);
  append_length(out, payload.size());
  out.append(reinterpret_cast<const char*>(mask.data()), mask.size());
  const std::size_t begin = out.size();
  out.append(payload);
  apply_mask(out.data() + begin, payload.size(), mask);
}

void append_pong(std::string& out, std::string_view ping_payload, ws_mask mask) {
  append_frame(out, ws_opcode::pong, ping_payload, mask);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason, ws_mask mask) {
  assert(reason.size() <= ws_close_reason_limit);
  std::string payload;
  if (code != ws_close_no_code) {
    assert(close_code_allowed(code));
    append_big_endian(payload, code, 2);
    payload.append(reason);
  } else {
    assert(reason.empty());
  }
  append_frame(out, ws_opcode::close, payload, mask);
}

bool close_code_allowed(std::uint16_t code) {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code != 1004 && code != ws_close_no_code && code != ws_close_abnormal;
}

std::string_view close_code_words(std::uint16_t code) {
  switch (code) {
    case 1000:
      return "normal closure";
    case 1001:
      return "going away";
    case 1002:
      return "protocol error";
    case 1003:
      return "unsupported data";
    case 1005:
      return "no code given";
    case 1006:
      return "connection lost without a close frame";
    case 1007:
      return "invalid data";
    case 1008:
      return "policy violation";
    case 1009:
      return "message too big";
    case 1010:
      return "extension missing";
    case 1011:
      return "internal error of the server";
    case 1012:
      return "service restart";
    case 1013:
      return "try again later";
    case 1014:
      return "bad gateway";
    default:
      return code >= 4000 ? "private code" : code >= 3000 ? "code of a library or framework" : "reserved code";
  }
}

}  // namespace roombridge::upstream
