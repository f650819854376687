// SPDX-License-Identifier: MIT
// The upstream end of a benchmark: whoever is measured connects here and gets batches of pre-encoded events.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/io_context.hpp>

namespace bench {

class source {
 public:
  virtual ~source() = default;
  [[nodiscard]] virtual unsigned short port() const = 0;
  // Whether the measured program is connected and, where it has to, logged in.
  [[nodiscard]] virtual bool connected() const = 0;
  // `bytes` live until `done`.
  virtual void send(std::span<const std::byte> bytes, std::function<void()> done) = 0;
};

// The test upstream: a Socket.IO server that any token may enter.
std::unique_ptr<source> make_socketio_source(boost::asio::io_context& context);

// A plain TCP connection, for the raw copier.
std::unique_ptr<source> make_raw_source(boost::asio::io_context& context);

// One event as a WebSocket frame. Its payload, the arguments' array, has `payload_size` bytes and holds `stamp`, 20
// digits, at stamp_offset of the payload; the frame's size depends on nothing else.
[[nodiscard]] std::string event_frame(std::size_t payload_size, unsigned long long stamp);
inline constexpr std::size_t stamp_offset = 7;  // [{"t":" comes before
inline constexpr std::size_t stamp_size = 20;
// Where the stamp lies in event_frame().
[[nodiscard]] std::size_t stamp_position(const std::string& frame);

}  // namespace bench
