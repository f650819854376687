// SPDX-License-Identifier: MIT
#include "tests/support/scripted_peer.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "daemon/upstream/wire/ws_handshake.hpp"

namespace roombridge::upstream::test {
namespace {

namespace asio = boost::asio;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<io::executor>{});

}  // namespace

std::string server_frame(std::uint8_t opcode, std::string_view payload) {
  std::string out(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  return out.append(payload);
}

std::string server_text(std::string_view payload) {
  return server_frame(1, payload);
}

scripted_peer::scripted_peer(io::context& context)
    : scripted_connection(context), acceptor_(context, {asio::ip::address_v4::loopback(), 0}) {}

std::string scripted_peer::url() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

io::task<> scripted_peer::accept() {
  return accept(*this);
}

io::task<> scripted_peer::accept(scripted_connection& into) {
  into.drop();
  co_await acceptor_.async_accept(into.socket_, as_result);
}

io::task<std::string> scripted_connection::read_request() {
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!co_await fill(received_.size() + 1)) co_return "";
  }
  std::size_t size = end + 4;
  constexpr std::string_view field = "Content-Length: ";
  if (const auto length = received_.find(field); length < end)
    size += std::stoul(received_.substr(length + field.size()));
  if (!co_await fill(size)) co_return "";
  std::string request = received_.substr(0, size);
  received_.erase(0, size);
  co_return request;
}

io::task<> scripted_peer::upgrade(std::string_view behind) {
  co_await accept();
  std::string request = co_await read_request();
  co_await switch_protocols(std::move(request), behind);
}

io::task<> scripted_connection::switch_protocols(std::string request, std::string_view behind) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  const auto begin = request.find(field) + field.size();
  const std::string key = request.substr(begin, request.find("\r\n", begin) - begin);
  co_await write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      websocket_accept(key) + "\r\n\r\n" + std::string(behind));
}

io::task<std::string> scripted_peer::welcome() {
  co_await upgrade(server_text(open_packet));
  co_await read_text();  // 40
  co_await send(R"(40{"sid":"s"})");
  std::string asked = co_await read_text();
  co_await send(R"(42["auth_success",{"userId":7}])");
  co_return asked;
}

io::task<> scripted_connection::answer(std::string_view body, std::string_view fields) {
  std::string head = "HTTP/1.1 200 OK\r\n" + std::string(fields);
  head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return write(head.append(body));
}

io::task<> scripted_connection::write(std::string bytes) {
  co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
}

io::task<std::optional<scripted_connection::frame>> scripted_connection::read_frame() {
  if (!co_await fill(2)) co_return std::nullopt;
  std::size_t header = 2;
  std::size_t size = static_cast<unsigned char>(received_[1]) & 0x7f;
  if (size >= 126) {
    const std::size_t wide = size == 126 ? 2 : 8;
    header += wide;
    if (!co_await fill(header)) co_return std::nullopt;
    size = 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | static_cast<unsigned char>(received_[i]);
  }
  if (!co_await fill(header + 4 + size)) co_return std::nullopt;
  frame out{static_cast<std::uint8_t>(received_[0] & 0x0f), received_.substr(header + 4, size)};
  for (std::size_t i = 0; i < size; ++i) {
    out.payload[i] = static_cast<char>(out.payload[i] ^ received_[header + i % 4]);
  }
  received_.erase(0, header + 4 + size);
  co_return out;
}

io::task<std::string> scripted_connection::read_text() {
  for (;;) {
    auto next = co_await read_frame();
    if (!next) co_return "";
    if (next->opcode == 1) co_return std::move(next->payload);
  }
}

io::task<> scripted_connection::read_to_end() {
  for (bool open = true; open;) {
    const auto next = co_await read_frame();
    open = next.has_value();
  }
}

void scripted_connection::drop() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  received_.clear();
}

io::task<bool> scripted_connection::fill(std::size_t size) {
  std::array<char, 4096> piece;
  while (received_.size() < size) {
    const auto [error, count] = co_await socket_.async_read_some(asio::buffer(piece), as_result);
    if (error) co_return false;
    received_.append(piece.data(), count);
  }
  co_return true;
}

}  // namespace roombridge::upstream::test
