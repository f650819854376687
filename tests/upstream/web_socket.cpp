// SPDX-License-Identifier: MIT
// The one unit that compiles Beast for the test upstream. Every asynchronous operation holds its object by a shared
// pointer; what the owner gave as callbacks is taken away when the owner goes.
#include "tests/upstream/web_socket.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "tests/upstream/faulty_socket.hpp"

namespace test_upstream {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using roombridge::io::timer;
using stream = beast::websocket::stream<faulty_socket, false>;

constexpr std::chrono::seconds handshake_timeout{10};
constexpr std::chrono::seconds linger_timeout{10};

}  // namespace

class web_socket::impl : public std::enable_shared_from_this<web_socket::impl> {
 public:
  impl(faulty_socket socket, std::size_t message_limit, std::shared_ptr<forgotten_sockets> forgotten)
      : stream_(std::move(socket)), linger_(stream_.get_executor()), forgotten_(std::move(forgotten)) {
    stream_.read_message_max(message_limit);
    stream_.auto_fragment(false);
    // Bounds the handshake and the wait for the answer to a close; the heartbeat is the session's.
    stream_.set_option({handshake_timeout, beast::websocket::stream_base::none(), false});
    error_code ignored;
    stream_.next_layer().set_option(tcp::no_delay(true), ignored);
  }

  template <typename Request, typename Done>
  void accept(const Request& request, Done done) {
    stream_.async_accept(request, std::move(done));
  }

  void start(message_function on_message, closed_function on_closed) {
    on_message_ = std::move(on_message);
    on_closed_ = std::move(on_closed);
    read();
  }

  void detach() {
    on_message_ = nullptr;
    on_closed_ = nullptr;
    drop();
  }

  void drop() {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  struct item {
    enum class kind { text, binary, raw, close, fault } what;
    std::string owned{};
    std::span<const std::byte> raw{};
    written_function done{};
    fault disturbance{};
  };

  void push(item what) {
    queue_.push_back(std::move(what));
    if (!writing_) write();
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (error == asio::error::eof) return end(error);  // read once more, it would never come again
    if (error && silent_) return drain(error);
    if (error) {
      linger_.expires_after(linger_timeout);
      linger_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) self->drop();
      });
      return drain(error);
    }
    const auto data = buffer_.cdata();
    if (on_message_) on_message_({static_cast<const char*>(data.data()), data.size()}, stream_.got_binary());
    buffer_.consume(buffer_.size());
    read();
  }

  // Reads away what the peer still sends, until it has seen the close frame and ends its half.
  void drain(error_code reason) {
    stream_.next_layer().async_read_some(asio::buffer(scrap_),
                                         [self = shared_from_this(), reason](error_code error, std::size_t) {
                                           if (error) return self->end(reason);
                                           self->drain(reason);
                                         });
  }

  void end(error_code reason) {
    linger_.cancel();
    drop();
    on_message_ = nullptr;
    // Moved out, as the owner may destroy this connection from within it.
    if (const auto on_closed = std::exchange(on_closed_, nullptr)) on_closed(reason.message());
  }

  void write() {
    writing_ = true;
    auto& next = queue_.front();
    if (silent_) return on_written(asio::error::shut_down);
    auto done = [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); };
    switch (next.what) {
      case item::kind::text:
      case item::kind::binary:
        stream_.binary(next.what == item::kind::binary);
        return stream_.async_write(asio::buffer(next.owned), std::move(done));
      case item::kind::raw:
        return asio::async_write(stream_.next_layer(), asio::buffer(next.raw.data(), next.raw.size()), std::move(done));
      case item::kind::close:
        return stream_.async_close(beast::websocket::close_code::none,
                                   [self = shared_from_this()](error_code error) { self->on_written(error); });
      case item::kind::fault:
        if (next.disturbance.what == fault::kind::bytes) {
          next.disturbance.what = fault::kind::silence;
          return asio::async_write(stream_.next_layer(), asio::buffer(next.disturbance.text),
                                   [self = shared_from_this()](error_code, std::size_t) { self->write(); });
        }
        stream_.next_layer().commit(next.disturbance, *forgotten_);
        if (next.disturbance.what != fault::kind::slow) fall_silent();
        return on_written({});
    }
  }

  // Beast neither reads nor answers any more.
  void fall_silent() {
    silent_ = true;
    error_code ignored;
    stream_.next_layer().cancel(ignored);
  }

  // After an error nothing can be written any more, and each item learns that in turn. The end is the read's to notice:
  // Beast refuses what is queued behind its own close frame, too, and that frame must reach the peer.
  void on_written(error_code error) {
    const auto done = std::move(queue_.front().done);
    queue_.pop_front();
    if (done) done(!error);
    writing_ = false;
    if (!queue_.empty()) write();
  }

  stream stream_;
  timer linger_;
  beast::flat_buffer buffer_;
  std::array<char, 4096> scrap_{};
  std::deque<item> queue_;
  bool writing_ = false;  // the queue's front, or its callback is running
  bool silent_ = false;   // a fault: nothing is written any more
  std::shared_ptr<forgotten_sockets> forgotten_;
  message_function on_message_;
  closed_function on_closed_;
};

web_socket::web_socket(std::shared_ptr<impl> implementation) : impl_(std::move(implementation)) {}
web_socket::~web_socket() {
  impl_->detach();
}

void web_socket::start(message_function on_message, closed_function on_closed) {
  impl_->start(std::move(on_message), std::move(on_closed));
}

void web_socket::send(std::string data, bool binary) {
  using kind = impl::item::kind;
  impl_->push({.what = binary ? kind::binary : kind::text, .owned = std::move(data)});
}

void web_socket::send_raw(std::span<const std::byte> bytes, written_function done) {
  impl_->push({.what = impl::item::kind::raw, .raw = bytes, .done = std::move(done)});
}

void web_socket::close() {
  impl_->push({.what = impl::item::kind::close});
}

void web_socket::commit(fault what) {
  impl_->push({.what = impl::item::kind::fault, .disturbance = std::move(what)});
}

void web_socket::drop() {
  impl_->drop();
}

std::string text_frame(std::string_view text) {
  std::string frame(1, '\x81');
  const auto append_big_endian = [&frame](std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) frame.push_back(static_cast<char>(value >> shift));
  };
  if (text.size() < 126) {
    append_big_endian(text.size(), 1);
  } else if (text.size() <= 0xffff) {
    frame.push_back(126);
    append_big_endian(text.size(), 2);
  } else {
    frame.push_back(127);
    append_big_endian(text.size(), 8);
  }
  return frame.append(text);
}

class web_socket_listener::impl : public std::enable_shared_from_this<web_socket_listener::impl> {
 public:
  impl(asio::io_context& context, std::uint16_t port, std::size_t message_limit, decide_function decide,
       strike_function strike, accepted_function accepted)
      : acceptor_(context.get_executor(), tcp::endpoint{asio::ip::address_v4::loopback(), port}),
        message_limit_(message_limit),
        decide_(std::move(decide)),
        strike_(std::move(strike)),
        accepted_(std::move(accepted)) {}

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp_socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (!error) handshake(self, std::move(socket));
      self->accept();
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  // What lives as long as one handshake.
  struct visitor : std::enable_shared_from_this<visitor> {
    explicit visitor(tcp_socket accepted) : socket(std::move(accepted)), deadline(socket.get_executor()) {}

    void drain() {
      socket.async_read_some(asio::buffer(scrap), [self = shared_from_this()](error_code error, std::size_t) {
        if (!error) self->drain();
      });
    }

    faulty_socket socket;
    timer deadline;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::response<http::string_body> response;
    fault disturbance;
    std::array<char, 4096> scrap{};
  };

  static void handshake(const std::shared_ptr<impl>& self, tcp_socket socket) {
    const auto guest = std::make_shared<visitor>(std::move(socket));
    if (!self->serves(*guest, step::accepted)) return;
    guest->deadline.expires_after(handshake_timeout);
    guest->deadline.async_wait([guest](error_code error) {
      if (!error) guest->socket.close(error);
    });
    http::async_read(guest->socket, guest->buffer, guest->request, [self, guest](error_code error, std::size_t) {
      guest->deadline.cancel();
      if (!error && self->acceptor_.is_open() && self->serves(*guest, step::handshake)) answer(self, guest);
    });
  }

  // False: a fault has happened instead of what is due.
  bool serves(visitor& guest, step at) {
    auto struck = strike_(at);
    if (!struck) return true;
    guest.disturbance = *std::move(struck);
    if (guest.disturbance.what == fault::kind::bytes) {
      asio::async_write(guest.socket, asio::buffer(guest.disturbance.text),
                        [self = guest.shared_from_this()](error_code, std::size_t) { self->drain(); });
      return false;
    }
    guest.socket.commit(guest.disturbance, *forgotten_);
    if (guest.disturbance.what == fault::kind::slow) return true;
    guest.drain();
    return false;
  }

  static void answer(const std::shared_ptr<impl>& self, const std::shared_ptr<visitor>& guest) {
    const auto target = guest->request.target();
    auto verdict = self->decide_({target.data(), target.size()});
    if (verdict.status == 101) {
      const auto socket =
          std::make_shared<web_socket::impl>(std::move(guest->socket), self->message_limit_, self->forgotten_);
      return socket->accept(guest->request, [self, guest, socket](error_code error) {
        if (!error && self->acceptor_.is_open()) self->accepted_(std::make_unique<web_socket>(socket));
      });
    }
    guest->response.result(verdict.status);
    guest->response.set(http::field::content_type, "application/json");
    guest->response.keep_alive(false);
    guest->response.body() = std::move(verdict.body);
    guest->response.prepare_payload();
    http::async_write(guest->socket, guest->response, [guest](error_code, std::size_t) {
      error_code ignored;
      guest->socket.shutdown(tcp_socket::shutdown_send, ignored);
    });
  }

  tcp_acceptor acceptor_;
  std::size_t message_limit_;
  decide_function decide_;
  strike_function strike_;
  accepted_function accepted_;
  std::shared_ptr<forgotten_sockets> forgotten_ = std::make_shared<forgotten_sockets>();
};

web_socket_listener::web_socket_listener(asio::io_context& context, std::uint16_t port, std::size_t message_limit,
                                         decide_function decide, strike_function strike, accepted_function accepted)
    : impl_(std::make_shared<impl>(context, port, message_limit, std::move(decide), std::move(strike),
                                   std::move(accepted))) {
  impl_->accept();
}

web_socket_listener::~web_socket_listener() {
  impl_->stop();
}
std::uint16_t web_socket_listener::port() const {
  return impl_->port();
}

}  // namespace test_upstream
