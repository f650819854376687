// SPDX-License-Identifier: MIT
// The only unit with Asio's TLS stream.
#include "daemon/upstream/net/stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cassert>
#include <cerrno>
#include <string>
#include <vector>

#include "daemon/base/as_result.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/upstream/net/tls.hpp"
#include "daemon/upstream/net/tunnel.hpp"
#include "daemon/upstream/wire/padded_buffer.hpp"

namespace roombridge::upstream {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, io::executor>;
using tls_stream = asio::ssl::stream<tcp_socket&>;
using boost::system::error_code;
using io::timer;

using io::as_result;

failure describe_tcp(const error_code& error, const std::string& where, bool timed_out) {
  if (timed_out || error == asio::error::timed_out) return {cause::tcp_timeout, where + " does not answer on TCP"};
  if (error == asio::error::connection_refused) {
    return {cause::tcp_refused, where + " refused the connection: nothing listens there"};
  }
  // It was there, and ended the connection before we had seen that it stood.
  if (error == asio::error::connection_reset) return {cause::connection_lost, where + " reset the connection at once"};
  return {cause::tcp_unreachable, where + " cannot be reached: " + error.message()};
}

failure describe_loss(const error_code& error, const std::string& where) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return {cause::connection_lost, where + " ended the TCP connection without a word"};
  }
  // The kernel gave up, and the server may not know.
  if (error == asio::error::timed_out || error == asio::error::host_unreachable ||
      error == asio::error::network_unreachable || error == asio::error::network_down) {
    return describe_tcp(error, where, false);
  }
  return {cause::connection_lost, "the connection to " + where + " broke: " + error.message()};
}

}  // namespace

class stream::impl : public std::enable_shared_from_this<stream::impl> {
 public:
  impl(io::context& context, tracer& trace, look_up_function names)
      : trace_(trace),
        socket_(context),
        resolver_(context, std::move(names)),
        step_timer_(context),
        end_timer_(context),
        buffer_(burst_size + read_padding) {}

  // One step after the other; each ends with nothing or with why the connection cannot be had.
  io::task<std::optional<failure>> connect(const endpoint& where, const tls_options& tls,
                                           std::chrono::milliseconds patience) {
    where_ = where;
    const bool direct = !where_.through;
    next_ = direct ? hop{where_.host, where_.port, where_.name}
                   : hop{where_.through->host, where_.through->port, "the proxy " + where_.through->name};
    connect_by_ = timer::clock_type::now() + patience * 9 / 10;
    if (auto failed = co_await resolve()) co_return failed;
    if (auto failed = co_await connect_tcp(patience)) co_return failed;
    if (!direct) {
      if (auto failed = co_await open_tunnel()) co_return failed;
    }
    if (where_.tls) co_return co_await start_tls(tls);
    co_return std::nullopt;
  }

  io::task<burst> read() {
    if (surplus_ != 0) co_return received(std::exchange(surplus_, 0));
    // What the last one brought has been taken; it does not lie about until something comes in its place.
    ::explicit_bzero(buffer_.data(), std::exchange(filled_, 0));
    const auto [error, size] = co_await read_some();
    co_return error ? ended(error) : received(size);
  }

  void unread(std::string_view bytes) {
    assert(bytes.size() <= burst_size);
    surplus_ = bytes.copy(buffer_.data(), burst_size);
  }

  void write(std::string_view bytes) {
    if (aborted_ || write_failed_) return;
    if (queued() + bytes.size() > max_queued) {
      stalled_ = true;
      abort();
      return;
    }
    waiting_.append(bytes);
    if (under_way_.empty()) start_write();
  }

  std::size_t queued() const { return waiting_.size() + under_way_.size(); }

  bool quiet() {
    if (aborted_ || write_failed_ || surplus_ != 0 || !socket_.is_open()) return false;
    char unused;
    const auto got = ::recv(socket_.native_handle(), &unused, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void abort() {
    aborted_ = true;
    step_timer_.cancel();
    end_timer_.cancel();
    cut();
  }

  void abort_after(std::chrono::milliseconds patience) {
    end_timer_.expires_after(patience);
    end_timer_.async_wait([self = weak_from_this()](const error_code& error) {
      const auto alive = self.lock();
      if (!error && alive) alive->abort();
    });
  }

 private:
  using time_point = timer::time_point;

  void cut() {
    error_code ignored;
    resolver_.cancel();
    socket_.close(ignored);
  }

  // What is awaited next is cut off at `latest`; over_due() says whether it was.
  void begin_step(time_point latest) {
    over_due_ = false;
    step_timer_.expires_at(std::min(latest, connect_by_));
    // The number tells a call that comes too late from a timely one.
    step_timer_.async_wait([self = weak_from_this(), step = ++step_](const error_code& error) {
      const auto alive = self.lock();
      if (error || !alive || alive->step_ != step) return;
      alive->over_due_ = true;
      alive->cut();
    });
  }

  void end_step() {
    ++step_;
    step_timer_.cancel();
  }

  io::task<std::optional<failure>> resolve() {
    if (aborted_) co_return aborted();
    begin_step(connect_by_);
    auto answer = co_await resolver_.resolve(next_.host, next_.port);
    end_step();
    if (aborted_) co_return aborted();
    if (over_due_) co_return unresolved("the name servers do not answer");
    if (const auto* why = std::get_if<std::string>(&answer)) co_return unresolved(*why);
    addresses_ = std::get<0>(std::move(answer));
    std::rotate(addresses_.begin(), addresses_.begin() + static_cast<std::ptrdiff_t>(where_.turn % addresses_.size()),
                addresses_.end());
    const std::size_t count = addresses_.size();
    tell("dns", next_.host + " has " + std::to_string(count) + (count == 1 ? " address" : " addresses"));
    co_return std::nullopt;
  }

  io::task<std::optional<failure>> connect_tcp(std::chrono::milliseconds patience) {
    const auto share = patience * 3 / (4 * static_cast<int>(addresses_.size()));
    failure last;
    for (const auto& address : addresses_) {
      error_code ignored;
      socket_.close(ignored);
      begin_step(timer::clock_type::now() + share);
      const auto [error] = co_await socket_.async_connect(address, as_result);
      end_step();
      if (aborted_) co_return aborted();
      if (!error && !over_due_) {
        socket_.set_option(tcp::no_delay(true), ignored);
        tell("tcp", "connected to " + next_.name + " (" + address.address().to_string() + ")");
        co_return std::nullopt;
      }
      last = describe_tcp(error, next_.name + " (" + address.address().to_string() + ")", over_due_);
      tell("tcp", last.text);
    }
    if (where_.through) last.why = cause::proxy_unreachable;
    if (addresses_.size() > 1) last.text += "; so did all " + std::to_string(addresses_.size()) + " addresses fail";
    co_return last;
  }

  io::task<std::optional<failure>> open_tunnel() {
    const auto talk = make_tunnel(*where_.through, where_.host, where_.port);
    begin_step(connect_by_);
    auto failed = co_await converse(*talk);
    end_step();
    heard_ = false;
    if (aborted_) co_return aborted();
    if (over_due_) co_return no_answer_of_proxy("does not answer in time: perhaps it does not reach the server");
    if (!failed) tell("proxy", next_.name + " has opened the way to " + where_.host + ':' + where_.port);
    co_return failed;
  }

  io::task<std::optional<failure>> converse(tunnel& talk) {
    for (bool over = false; !over;) {
      if (const std::string output = talk.take_output(); !output.empty()) write(output);
      const burst got = co_await read();
      if (got.bytes.empty()) co_return no_answer_of_proxy("ended the connection instead of an answer");
      over = talk.feed(got.bytes);
    }
    co_return talk.result();
  }

  io::task<std::optional<failure>> start_tls(const tls_options& options) {
    context_.emplace(asio::ssl::context::tls_client);
    if (auto failed = prepare_tls(*context_->native_handle(), options)) co_return failed;
    tls_.emplace(socket_, *context_);
    prepare_tls(*tls_->native_handle(), where_, options);
    begin_step(connect_by_);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
    end_step();
    if (aborted_) co_return aborted();
    if (over_due_) co_return silent();
    if (error) co_return describe_tls(*tls_->native_handle(), error, where_);
    tell("tls",
         SSL_get_version(tls_->native_handle()) + std::string(", ") + SSL_get_cipher_name(tls_->native_handle()));
    co_return check_pins(*tls_->native_handle(), where_, options);
  }

  io::task<std::tuple<error_code, std::size_t>> read_some() {
    const auto space = asio::buffer(buffer_.data(), burst_size);
    if (tls_) co_return co_await tls_->async_read_some(space, as_result);
    co_return co_await socket_.async_read_some(space, as_result);
  }

  void start_write() {
    under_way_.swap(waiting_);
    auto done = [self = shared_from_this()](const error_code& error, std::size_t) {
      // The authentication's packet is one of them.
      ::explicit_bzero(self->under_way_.data(), self->under_way_.size());
      self->under_way_.clear();
      // Reading goes on: the peer's close frame, which says why, may still be on its way.
      if (error) self->write_failed_ = true;
      if (!self->write_failed_ && !self->waiting_.empty()) self->start_write();
    };
    if (tls_) {
      asio::async_write(*tls_, asio::buffer(under_way_), std::move(done));
    } else {
      asio::async_write(socket_, asio::buffer(under_way_), std::move(done));
    }
  }

  void tell(std::string_view step, std::string text) { trace_.step(step, std::move(text)); }

  // Results are made outside the coroutines: g++ 12 mishandles temporaries of aggregates in co_await and co_return.
  burst received(std::size_t size) {
    heard_ = true;
    filled_ = size;
    return {{buffer_.data(), size}, {}, false};
  }

  burst ended(const error_code& error) {
    if (!stalled_) return {{}, broken(error), error == asio::error::eof};
    const std::string waiting = std::to_string(max_queued) + " bytes wait for it";
    return {{}, {cause::send_stalled, where_.name + " does not read: " + waiting}, false};
  }

  failure unresolved(const std::string& why) const {
    if (where_.through) return {cause::proxy_unreachable, next_.name + " has a name that cannot be resolved: " + why};
    return {cause::dns_failure, "the name \"" + where_.host + "\" cannot be resolved: " + why};
  }

  failure no_answer_of_proxy(std::string_view what) const {
    return {cause::proxy_failure, next_.name + ' ' + std::string(what)};
  }

  failure silent() const {
    return {cause::connect_timeout,
            where_.name + " took the connection, but does not answer the TLS handshake; does this port speak TLS?"};
  }

  failure broken(const error_code& error) {
    const bool tls_error = error.category() == asio::error::get_ssl_category();
    if (tls_ && tls_error) return describe_tls(*tls_->native_handle(), error, where_);
    failure lost = describe_loss(error, where_.name);
    if (tls_ && !heard_ && lost.why == cause::connection_lost && asked_for_certificate(*tls_->native_handle()))
      lost.text += "; it had asked for a client certificate, see upstream.tls.certificate_file";
    return lost;
  }

  failure aborted() const { return {cause::connection_lost, "the connection to " + where_.name + " was given up"}; }

  // Where the TCP connection goes.
  struct hop {
    std::string host;
    std::string port;
    std::string name;  // for people
  };

  tracer& trace_;
  endpoint where_;
  hop next_;
  tcp_socket socket_;
  std::optional<asio::ssl::context> context_;
  std::optional<tls_stream> tls_;
  resolver resolver_;
  timer step_timer_;
  timer end_timer_;
  time_point connect_by_;
  unsigned step_ = 0;
  bool over_due_ = false;
  std::vector<tcp::endpoint> addresses_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;   // bytes in buffer_ that the last read() handed out
  std::size_t surplus_ = 0;  // bytes in buffer_ that were unread
  bool heard_ = false;       // something has been read
  std::string waiting_;
  std::string under_way_;  // empty: no write is under way
  bool aborted_ = false;
  bool stalled_ = false;
  bool write_failed_ = false;
};

stream::stream(io::context& context, tracer& trace, look_up_function names)
    : impl_(std::make_shared<impl>(context, trace, std::move(names))) {}
stream::~stream() {
  impl_->abort();
}

io::task<std::optional<failure>> stream::connect(const endpoint& where, const tls_options& tls,
                                                 std::chrono::milliseconds patience) {
  return impl_->connect(where, tls, patience);
}
io::task<burst> stream::read() {
  return impl_->read();
}
void stream::unread(std::string_view bytes) {
  impl_->unread(bytes);
}
void stream::write(std::string_view bytes) {
  impl_->write(bytes);
}
std::size_t stream::queued() const {
  return impl_->queued();
}
bool stream::quiet() const {
  return impl_->quiet();
}
void stream::abort() {
  impl_->abort();
}
void stream::abort_after(std::chrono::milliseconds patience) {
  impl_->abort_after(patience);
}

}  // namespace roombridge::upstream
