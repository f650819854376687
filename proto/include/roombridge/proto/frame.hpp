// SPDX-License-Identifier: MIT
// Frames of the local protocol (PROTOCOL.md sections 1 and 2): the 8-byte header, the limits and an incremental
// decoder. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roombridge/proto/error.hpp>

namespace roombridge::proto {

inline constexpr std::size_t header_size = 8;
inline constexpr std::uint32_t max_body = 1'048'576;          // bytes of head and payload, either direction
inline constexpr std::uint32_t max_body_before_hello = 4096;  // bytes, from a client that has not been welcomed
inline constexpr std::size_t max_head = 65'535;               // bytes: what the header's u16 can say
inline constexpr int max_head_depth = 32;                     // levels of nesting in a head
inline constexpr std::uint64_t max_integer = (std::uint64_t{1} << 53) - 1;  // of ids, sequence numbers and times
inline constexpr std::size_t max_attachments = 16;
inline constexpr std::size_t max_client_name = 64;      // bytes
inline constexpr std::size_t max_subscriber_name = 64;  // bytes
inline constexpr std::size_t max_pattern = 256;         // bytes
inline constexpr std::size_t max_patterns = 64;  // of one subscription, events, topics and values of fields together
inline constexpr std::size_t max_subscriptions = 256;   // of one connection
inline constexpr std::size_t max_open_requests = 1024;  // of one connection
inline constexpr std::size_t max_room = 256;            // bytes
inline constexpr std::size_t max_rooms = 64;            // held by one connection
inline constexpr std::uint32_t max_deadline_ms = 300'000;
inline constexpr std::uint32_t default_deadline_ms = 10'000;
inline constexpr std::uint32_t hello_deadline_ms = 5000;
inline constexpr std::uint32_t max_trace_ms = 3'600'000;
inline constexpr std::uint32_t default_trace_ms = 30'000;
inline constexpr std::uint32_t protocol_version = 1;

// Types below 0x40 come from clients (PING and PONG from either side), the others from the daemon. A header may carry
// any other value.
enum class frame_type : std::uint8_t {
  hello = 0x01,
  subscribe = 0x02,
  unsubscribe = 0x03,
  join = 0x04,
  leave = 0x05,
  emit = 0x06,
  ack = 0x07,
  call = 0x08,
  ping = 0x10,
  pong = 0x11,
  welcome = 0x41,
  event = 0x42,
  status = 0x43,
  live = 0x44,
  gap = 0x45,
  result = 0x46,
  error = 0x47,
  bye = 0x48,
  trace = 0x49,
};

// The name in the protocol, e.g. "HELLO"; a literal. "unknown" for other values.
[[nodiscard]] std::string_view to_string(frame_type type) noexcept;

inline constexpr std::uint8_t critical_flags = 0xf0;
inline constexpr std::uint8_t known_flags = 0x00;  // version 1 defines none

struct header {
  std::uint32_t body_length = 0;  // head and payload
  frame_type type{};
  std::uint8_t flags = 0;
  std::uint16_t head_length = 0;
  bool operator==(const header&) const = default;
};

using header_bytes = std::array<std::byte, header_size>;

[[nodiscard]] constexpr header_bytes encode_header(const header& value) noexcept {
  const auto at = [](std::uint32_t number, int shift) { return static_cast<std::byte>((number >> shift) & 0xffu); };
  return {at(value.body_length, 0),           at(value.body_length, 8),
          at(value.body_length, 16),          at(value.body_length, 24),
          static_cast<std::byte>(value.type), static_cast<std::byte>(value.flags),
          at(value.head_length, 0),           at(value.head_length, 8)};
}

// Reads the fields; judges nothing.
[[nodiscard]] constexpr header decode_header(std::span<const std::byte, header_size> bytes) noexcept {
  const auto at = [bytes](std::size_t index) { return std::to_integer<std::uint32_t>(bytes[index]); };
  return {at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24, static_cast<frame_type>(bytes[4]),
          std::to_integer<std::uint8_t>(bytes[5]), static_cast<std::uint16_t>(at(6) | at(7) << 8)};
}

// In the protocol's order: frame_too_large, bad_frame, unknown_critical_flag; none when the frame may be read.
[[nodiscard]] constexpr error_code check_header(const header& value, std::uint32_t body_limit) noexcept {
  if (value.body_length > body_limit) return error_code::frame_too_large;
  if (value.head_length > value.body_length) return error_code::bad_frame;
  if ((value.flags & critical_flags & ~known_flags) != 0) return error_code::unknown_critical_flag;
  return error_code::none;
}

// One frame. The views live as long as the decoder says.
struct frame {
  frame_type type{};
  std::uint8_t flags = 0;
  std::string_view head;  // as it came: perhaps empty, perhaps not JSON
  std::span<const std::byte> payload;
};

// Appends a whole frame to `out`. False, and `out` unchanged, when the head or the body would pass its limit.
[[nodiscard]] bool append_frame(std::string& out, frame_type type, std::string_view head,
                                std::span<const std::byte> payload = {});

// Cuts a stream of bytes into frames. Give it what was read with feed(), then call next() until it returns nothing:
//
//   decoder.feed(bytes);
//   while (auto frame = decoder.next()) { ... }
//   if (decoder.error() != error_code::none) { the connection is over }
//
// Who stops before, to go on later, calls keep_rest().
//
// A frame that lies whole in the fed bytes is not copied. A cut one is collected in one buffer, which grows with what
// has come, never beyond header and body limit, and never because of what a header merely announces.
class frame_decoder {
 public:
  explicit frame_decoder(std::uint32_t body_limit = max_body) : body_limit_(body_limit) {}
  frame_decoder(frame_decoder&&) = default;
  frame_decoder& operator=(frame_decoder&&) = default;

  // Holds from the next frame on, also for one whose bytes have been fed but that next() has not looked at.
  void set_body_limit(std::uint32_t body_limit) { body_limit_ = body_limit; }

  // Precondition: !has_rest(). `bytes` lives until next() returns nothing, or keep_rest() is called.
  void feed(std::span<const std::byte> bytes);

  // Copies what next() has not looked at yet, if anything, and gives up the views of the last frame.
  void keep_rest();
  // Whether next() may find a frame without feed().
  [[nodiscard]] bool has_rest() const { return !input_.empty() && error_ == error_code::none; }

  // The next whole frame; nothing when more bytes are needed or after an error. Its views live until the next call of
  // next() or feed().
  [[nodiscard]] std::optional<frame> next();

  // Stays once it is set: nothing behind a bad header can be told apart.
  [[nodiscard]] error_code error() const { return error_; }

  // The offending header once error() is set, for the error's text.
  [[nodiscard]] const header& bad_header() const { return bad_header_; }

  // Bytes that the frame lacks of which something has come; 0: there is none, or its header has not come whole.
  [[nodiscard]] std::size_t missing() const;

  // Bytes that this decoder holds, for whoever accounts for them.
  [[nodiscard]] std::size_t capacity() const { return collected_.capacity() + rest_.capacity(); }

 private:
  [[nodiscard]] bool collect(std::size_t wanted);
  [[nodiscard]] bool accept(const header& value);
  [[nodiscard]] std::optional<frame> next_collected();
  void release_delivered();

  std::uint32_t body_limit_;
  error_code error_ = error_code::none;
  header bad_header_;
  std::span<const std::byte> input_;
  std::vector<std::byte> rest_;       // holds input_ once it was kept
  std::vector<std::byte> collected_;  // the beginning of a cut frame
  bool delivered_ = false;            // collected_ is a frame that next() has returned
};

}  // namespace roombridge::proto
