// SPDX-License-Identifier: MIT
// RFC 6455 frames as a client writes them, and what close codes mean. Pure: masks come in as arguments. The reading
// side is ws_decoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// RFC 6455 section 5.2.
enum class ws_opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

// Fresh and unpredictable for every frame (RFC 6455 section 5.3).
using ws_mask = std::array<std::uint8_t, 4>;

// RFC 6455 section 7.4 and the IANA registry. 1005 and 1006 never travel: they stand for "no code" and "no close
// frame".
enum ws_close_code : std::uint16_t {
  ws_close_normal = 1000,
  ws_close_going_away = 1001,
  ws_close_protocol_error = 1002,
  ws_close_no_code = 1005,
  ws_close_abnormal = 1006,
  ws_close_bad_data = 1007,
  ws_close_too_big = 1009,
};

// Largest payload of a control frame, and largest reason of a close frame, in bytes.
inline constexpr std::size_t ws_control_limit = 125;
inline constexpr std::size_t ws_close_reason_limit = 123;

// Appends one unfragmented masked frame. Control opcodes: at most ws_control_limit bytes (asserted). `payload` does not
// lie in `out`.
void append_frame(std::string& out, ws_opcode opcode, std::string_view payload, ws_mask mask);

// Answers a ping with its own payload.
void append_pong(std::string& out, std::string_view ping_payload, ws_mask mask);

// `code` is one that may be sent, or ws_close_no_code for an empty close frame, which takes no reason (asserted).
// `reason`: UTF-8, at most ws_close_reason_limit bytes (asserted).
void append_close(std::string& out, std::uint16_t code, std::string_view reason, ws_mask mask);

// Whether a peer may send this code in a close frame.
[[nodiscard]] bool close_code_allowed(std::uint16_t code);

// The code in words for status and logs, e.g. 1000 "normal closure", 1005 "no code given", 1009 "message too big".
// Codes without a registered meaning are named by their range.
[[nodiscard]] std::string_view close_code_words(std::uint16_t code);

}  // namespace roombridge::upstream
