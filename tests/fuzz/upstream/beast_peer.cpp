// SPDX-License-Identifier: MIT
#include "tests/fuzz/upstream/beast_peer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/zlib/error.hpp>

#include "daemon/upstream/wire/ws_handshake.hpp"
#include "tests/fuzz/upstream/require.hpp"

namespace roombridge::fuzz {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using beast::error_code;

// A synchronous stream over memory: the handshake's answer, then the given bytes, then the end. What is written after
// the request is dropped.
class memory_stream {
 public:
  using executor_type = asio::io_context::executor_type;

  memory_stream(asio::io_context& context, std::string_view bytes, bool deflate)
      : executor_(context.get_executor()), bytes_(bytes), deflate_(deflate) {}

  executor_type get_executor() { return executor_; }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& failed) {
    if (response_.empty()) respond();
    std::string_view& rest = response_left_.empty() ? bytes_ : response_left_;
    const std::size_t size = asio::buffer_copy(buffers, asio::buffer(rest));
    rest.remove_prefix(size);
    failed = size == 0 && asio::buffer_size(buffers) != 0 ? asio::error::eof : error_code{};
    return size;
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& failed) {
    failed = {};
    if (response_.empty()) request_ += beast::buffers_to_string(buffers);
    return asio::buffer_size(buffers);
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code failed;
    return read_some(buffers, failed);
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code failed;
    return write_some(buffers, failed);
  }

 private:
  void respond() {
    constexpr std::string_view field = "Sec-WebSocket-Key: ";
    const std::size_t begin = request_.find(field) + field.size();
    const std::string key = request_.substr(begin, request_.find("\r\n", begin) - begin);
    response_ =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        upstream::websocket_accept(key) + "\r\n";
    if (deflate_) response_ += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    response_ += "\r\n";
    response_left_ = response_;
  }

  executor_type executor_;
  std::string request_;
  std::string response_;
  std::string_view response_left_;
  std::string_view bytes_;
  bool deflate_;
};

void teardown(beast::role_type, memory_stream&, error_code& failed) {
  failed = {};
}

// Needed to compile, never called: everything here is synchronous.
template <typename Handler>
void async_teardown(beast::role_type, memory_stream&, Handler&&) {}

peer_end end_of(error_code why) {
  if (why == asio::error::eof) return peer_end::more;
  if (why == websocket::error::closed) return peer_end::closed;
  if (why == websocket::error::message_too_big) return peer_end::too_big;
  if (why == websocket::error::bad_frame_payload) return peer_end::not_utf8;
  if (why == websocket::error::partial_deflate_block) return peer_end::deflate;
  if (why.category() == beast::zlib::make_error_code(beast::zlib::error::general).category()) return peer_end::deflate;
  return peer_end::violation;
}

}  // namespace

peer_reading read_with_beast(std::string_view bytes, std::size_t receive_limit, bool deflate) {
  static asio::io_context context;
  websocket::stream<memory_stream, true> client{context, bytes, deflate};
  client.read_message_max(receive_limit);
  websocket::permessage_deflate offered;
  offered.client_enable = deflate;
  client.set_option(offered);
  error_code failed;
  client.handshake("localhost", "/", failed);
  require(!failed, "the handshake: " + failed.message());

  peer_reading seen;
  client.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    const std::string text{payload};
    if (kind == websocket::frame_type::ping) seen.items.push_back("ping " + text);
    if (kind == websocket::frame_type::pong) seen.items.push_back("pong " + text);
    if (kind != websocket::frame_type::close) return;
    const unsigned code = client.reason().code;
    seen.items.push_back("close " + std::to_string(code == 0 ? 1005u : code) + " " + text);
  });
  for (;;) {
    beast::flat_buffer message;
    client.read(message, failed);
    if (failed) break;
    seen.items.push_back((client.got_text() ? "text " : "binary ") + beast::buffers_to_string(message.data()));
  }
  seen.end = end_of(failed);
  return seen;
}

}  // namespace roombridge::fuzz
