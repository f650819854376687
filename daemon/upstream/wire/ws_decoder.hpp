// SPDX-License-Identifier: MIT
// RFC 6455 frames as a client reads them: bytes in, whole messages and control frames out. Pure, for a hot loop:
//
//   decoder.feed(bytes_of_one_read);
//   while (auto item = decoder.next()) ...
//
// Invariants: no message beyond the receive limit is ever gathered; a length is checked before memory is taken for it;
// after an error or a close nothing more is yielded. The UTF-8 of text messages is NOT checked here: the client counts
// and drops such a message and keeps the session, where RFC 6455 section 8.1 would end the connection. The UTF-8 of a
// close reason is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/upstream/wire/padded_buffer.hpp"
#include "daemon/upstream/wire/ws_frame.hpp"

namespace roombridge::upstream {

enum class ws_error : std::uint8_t {
  none,
  masked,                   // a server must not mask (section 5.1)
  reserved_bits,            // RSV1 to RSV3 without an extension that was negotiated (5.2)
  unknown_opcode,           // (5.2)
  control_fragmented,       // (5.5)
  control_too_long,         // more than 125 bytes (5.5)
  unexpected_continuation,  // no message is under way (5.4)
  expected_continuation,    // a new message inside a fragmented one (5.4)
  length_not_minimal,       // a long form for a short length (5.2)
  length_too_large,         // top bit of the 64-bit length (5.2)
  deflate_data,             // compressed, and not as RFC 7692 section 7.2.2 wants it
  message_too_big,          // beyond the receive limit: ours, not the RFC's
  close_truncated,          // a close frame of one byte (5.5.1)
  close_code,               // a code that must not be sent (7.4)
  close_reason,             // not UTF-8 (5.5.1)
};

// In words, for a person.
[[nodiscard]] std::string_view to_string(ws_error error);

// The code to close with after this error: 1002, 1007 or 1009.
[[nodiscard]] std::uint16_t close_code_for(ws_error error);

enum class ws_kind : std::uint8_t { text, binary, ping, pong, close, error };

struct ws_item {
  ws_kind kind = ws_kind::error;
  ws_error error = ws_error::none;  // kind error
  std::uint16_t code = 0;           // kind close; 1005 when the frame had none
  bool compressed = false;          // kinds text and binary: `data` is still to be inflated (RFC 7692 section 6)
  std::string_view
      data;  // the message, the ping's or pong's payload, or the close reason; read_padding readable bytes follow
};

class ws_decoder {
 public:
  // `receive_limit`: bytes of one message, all its fragments together.
  explicit ws_decoder(std::size_t receive_limit) : receive_limit_(receive_limit) {}
  ws_decoder(const ws_decoder&) = delete;
  ws_decoder& operator=(const ws_decoder&) = delete;

  // permessage-deflate was negotiated: RSV1 marks a message as compressed.
  void allow_compressed() { compression_ = true; }

  // Takes what one read brought. It stays in the caller's buffer, unchanged, until next() has returned nothing; at
  // least read_padding readable bytes lie behind it. Only to be called when next() has returned nothing (asserted).
  // After an error or a close the bytes are ignored.
  void feed(std::string_view bytes);

  // The next message or control frame; nothing when more bytes are needed, or after an error or a close was yielded.
  // `data` points into the fed buffer where the message lies there in one piece, else into the decoder; it lives until
  // the next call of next() or feed().
  [[nodiscard]] std::optional<ws_item> next();

  // An error or a close was yielded.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct frame {
    bool fin = false;
    bool compressed = false;
    ws_opcode opcode = ws_opcode::continuation;
    std::uint64_t left = 0;  // payload bytes still to come
  };

  static constexpr std::size_t header_limit = 10;  // without a mask

  [[nodiscard]] std::optional<ws_item> take_whole_message();
  [[nodiscard]] ws_error read_header();
  [[nodiscard]] static std::size_t header_length(std::string_view bytes);
  [[nodiscard]] ws_error parse_header(std::string_view header);
  [[nodiscard]] ws_error check_data_frame() const;
  [[nodiscard]] std::optional<ws_item> take_data(std::string_view part);
  [[nodiscard]] std::optional<ws_item> take_control(std::string_view part);
  [[nodiscard]] ws_item finish_close(std::string_view payload);
  [[nodiscard]] ws_item fail(ws_error error);
  void end();
  void release();

  std::size_t receive_limit_;
  bool compression_ = false;
  std::string_view input_;
  std::array<char, header_limit> header_{};  // a header that was split over reads
  std::size_t header_size_ = 0;
  frame frame_;
  bool in_frame_ = false;
  bool ended_ = false;
  std::optional<ws_opcode> message_opcode_;  // of the fragmented message under way
  bool message_compressed_ = false;          // that message
  padded_buffer message_;                    // a message in several pieces
  padded_buffer control_;                    // a control frame's payload in several pieces
  padded_buffer* handed_out_ = nullptr;      // which of them was yielded and is to be cleared
};

}  // namespace roombridge::upstream
