// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/websocket.hpp"

#include <openssl/rand.h>

#include <array>

#include "daemon/upstream/transport/upgrade.hpp"

namespace roombridge::upstream {
namespace {

// Fresh from the system's generator, as RFC 6455 sections 4.1 and 5.3 want it.
template <typename T>
T fresh() {
  T out;
  RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  return out;
}

}  // namespace

websocket::websocket(io::context& context, tracer& trace, endpoint where, engine_session session, tls_options tls,
                     std::size_t receive_limit, bool compression)
    : trace_(trace),
      where_(std::move(where)),
      session_(std::move(session)),
      tls_(std::move(tls)),
      compression_(compression),
      stream_(context, trace),
      reader_(receive_limit, where_.name,
              [this](std::string_view payload) { append_pong(outgoing_, payload, fresh<ws_mask>()); }) {}

io::task<std::optional<failure>> websocket::open(std::chrono::milliseconds patience) {
  auto failed = co_await stream_.connect(where_, tls_, patience);
  if (!failed) failed = co_await shake_hands();
  co_return failed;
}

io::task<std::optional<failure>> websocket::shake_hands() {
  upgrade handshake(where_, session_, fresh<std::array<std::byte, 16>>(), compression_);
  stream_.write(handshake.request());
  for (bool done = false; !done;) {
    const burst got = co_await stream_.read();
    if (!got.bytes.empty()) {
      done = handshake.feed(got.bytes);
    } else {
      handshake.finish(got.ended);
      done = true;
    }
  }
  if (!handshake.result()) {
    if (handshake.deflate()) reader_.allow_compressed(*handshake.deflate());
    stream_.unread(handshake.surplus());
  }
  const bool compressed = handshake.deflate().has_value();
  trace_.step("http", handshake.result() ? in_general(handshake.result()->why)
                                         : std::string("101, a WebSocket") + (compressed ? ", compressed" : ""));
  co_return handshake.result();
}

void websocket::send_text(std::string_view message) {
  append_frame(outgoing_, ws_opcode::text, message, fresh<ws_mask>());
}

void websocket::send_binary(std::string_view message) {
  append_frame(outgoing_, ws_opcode::binary, message, fresh<ws_mask>());
}

void websocket::flush() {
  if (outgoing_.empty()) return;
  stream_.write(outgoing_);
  outgoing_.clear();
}

void websocket::close(std::uint16_t code, std::chrono::milliseconds patience) {
  append_close(outgoing_, code, {}, fresh<ws_mask>());
  flush();
  stream_.abort_after(patience);
}

void websocket::abort() {
  outgoing_.clear();
  stream_.abort();
}

}  // namespace roombridge::upstream
