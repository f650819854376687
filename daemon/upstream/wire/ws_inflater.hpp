// SPDX-License-Identifier: MIT
// permessage-deflate as the receiver of compressed messages (RFC 7692 section 7.2.2). Pure. What we send ourselves is
// small and goes uncompressed, which section 7.2 leaves to the sender.
//
// Invariant: nothing beyond the limit is ever inflated, however well it was compressed.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/upstream/wire/padded_buffer.hpp"
#include "daemon/upstream/wire/ws_decoder.hpp"

namespace roombridge::upstream {

// What the server's handshake has settled.
struct deflate_parameters {
  bool server_no_context_takeover = false;  // the server compresses each message by itself
  bool operator==(const deflate_parameters&) const = default;
};

class ws_inflater {
 public:
  // `receive_limit`: bytes of one message, inflated. Throws std::bad_alloc.
  ws_inflater(deflate_parameters parameters, std::size_t receive_limit);

  // A compressed message's payload, all its fragments together. `none`: view() is the message; deflate_data and
  // message_too_big: the stream is of no use any more.
  [[nodiscard]] ws_error inflate(std::string_view payload);

  // Lives until the next inflate() or clear(); read_padding readable bytes follow.
  [[nodiscard]] std::string_view view() const { return message_.view(); }
  // The message has been taken. zlib remembers the last 32 KiB of them, as long as the connection lives.
  void clear() { message_.clear(); }

 private:
  struct state;
  struct state_deleter {
    void operator()(state* released) const;
  };

  [[nodiscard]] ws_error inflate_part(std::string_view part);

  deflate_parameters parameters_;
  std::size_t receive_limit_;
  std::unique_ptr<state, state_deleter> state_;
  padded_buffer message_;
};

}  // namespace roombridge::upstream
