// SPDX-License-Identifier: MIT
// The lowest layer of the test upstream's connections: a TCP socket that can be slow, and ends that no orderly server
// makes.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>

#include "daemon/base/timer.hpp"
#include "daemon/base/unique_fd.hpp"
#include "tests/upstream/fault.hpp"

namespace test_upstream {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Connections that the server has forgotten: open, and nobody touches them. The oldest of too many is closed.
class forgotten_sockets {
 public:
  // What is under way on it ends with an error.
  void take(tcp_socket& socket) {
    boost::system::error_code error;
    roombridge::unique_fd descriptor(socket.release(error));
    if (error) return;
    kept_.push_back(std::move(descriptor));
    if (kept_.size() > limit) kept_.pop_front();
  }

 private:
  static constexpr std::size_t limit = 100;
  std::deque<roombridge::unique_fd> kept_;
};

// What this has to be for Beast: an asynchronous stream whose writes may be short.
class faulty_socket : public tcp_socket {
 public:
  explicit faulty_socket(tcp_socket socket) : tcp_socket(std::move(socket)), timer_(get_executor()) {}

  // What of half_open, fin, reset and slow the socket itself does; nothing of the others.
  void commit(const fault& what, forgotten_sockets& forgotten) {
    boost::system::error_code ignored;
    switch (what.what) {
      case fault::kind::half_open:
        return forgotten.take(*this);
      case fault::kind::fin:
        return (void)shutdown(shutdown_send, ignored);
      case fault::kind::reset:
        set_option(linger(true, 0), ignored);
        return (void)close(ignored);
      case fault::kind::slow:
        pace_ = what.pace;
        return;
      default:
        return;
    }
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        paced_write<Buffers>{*this, buffers}, token, *this);
  }

 private:
  template <typename Buffers>
  struct paced_write {
    faulty_socket& to;
    Buffers buffers;
    enum { waiting, writing, done } next = waiting;

    template <typename Self>
    void operator()(Self& self, boost::system::error_code error = {}, std::size_t size = 0) {
      if (next == waiting && to.pace_.count() > 0) {
        next = writing;
        to.timer_.expires_after(to.pace_);
        return to.timer_.async_wait(std::move(self));
      }
      if (next == done || error) return self.complete(error, size);
      const bool paced = std::exchange(next, done) == writing;
      auto& socket = static_cast<tcp_socket&>(to);
      if (paced) return socket.async_write_some(first_byte(), std::move(self));
      socket.async_write_some(buffers, std::move(self));
    }

    [[nodiscard]] boost::asio::const_buffer first_byte() const {
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
           ++at) {
        if (const boost::asio::const_buffer piece{*at}; piece.size() > 0) return boost::asio::buffer(piece, 1);
      }
      return {};
    }
  };

  std::chrono::milliseconds pace_{0};
  roombridge::io::timer timer_;
};

// Beast's own teardown closes a socket that still has unread bytes, which resets it: the peer might never see the close
// frame that says why. Here it ends only our half; web_socket::impl::drain() reads the rest away.
template <typename Handler>
void async_teardown(boost::beast::role_type, faulty_socket& socket, Handler&& handler) {
  boost::system::error_code error;
  socket.shutdown(tcp_socket::shutdown_send, error);
  boost::asio::post(socket.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler), error));
}

}  // namespace test_upstream
