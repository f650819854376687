// SPDX-License-Identifier: MIT
// Accepting, and the parts put together.
#include "daemon/local/server.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/log_limiter.hpp"
#include "daemon/base/timer.hpp"
#include "daemon/local/hub.hpp"
#include "daemon/local/socket_keeper.hpp"

namespace roombridge::local {
namespace {

namespace asio = boost::asio;
using io::timer;
using std::chrono::steady_clock;

constexpr int accepts_per_turn = 64;
constexpr std::chrono::milliseconds pause_without_descriptors{200};

constexpr asio::use_awaitable_t<io::executor> use_awaitable;

}  // namespace

class server::impl {
 public:
  impl(io::context& context, const options& initial, std::string server_name, log::event_log& events,
       request_handler& handler, named_subscribers& named, logger& log)
      : log_(log),
        socket_(context, initial, log, [this](int from, int to) { change_over(from, to); }),
        acceptable_(context.get_executor(), ::dup(socket_.fd())),
        pause_(context.get_executor()),
        drained_(context.get_executor()),
        hub_(context, initial, std::move(server_name), events, handler, named, log) {
    drained_.expires_at(steady_clock::time_point::max());
  }

  io::task<> run() {
    socket_.look();
    while (!stopping_) {
      boost::system::error_code error;
      co_await acceptable_.async_wait(acceptable_.wait_read, asio::redirect_error(use_awaitable, error));
      if (stopping_ || accept_some(socket_.fd(), accepts_per_turn)) continue;
      pause_.expires_after(pause_without_descriptors);
      co_await pause_.async_wait(asio::redirect_error(use_awaitable, error));
    }
    if (hub_.size() > 0) {
      boost::system::error_code error;
      co_await drained_.async_wait(asio::redirect_error(use_awaitable, error));
    }
    hub_.close_all();
  }

  void stop(std::chrono::milliseconds drain) {
    if (std::exchange(stopping_, true)) return;
    boost::system::error_code ignored;
    acceptable_.close(ignored);
    pause_.cancel();
    socket_.stop();
    drained_.expires_after(drain);
    hub_.shut_down([this] { drained_.cancel(); });
  }

  void reconfigure(options changed, access_rules access) { hub_.reconfigure(std::move(changed), std::move(access)); }

  std::string look_after_socket() {
    socket_.look();
    return socket_.trouble();
  }
  std::string socket_trouble() const { return socket_.trouble(); }

  hub& peers() { return hub_; }

 private:
  // Who had connected to the old socket is not lost with it.
  void change_over(int from, int to) {
    const int watched = ::dup(to);
    if (watched < 0) throw std::system_error(errno, std::generic_category(), "cannot watch the new socket");
    accept_some(from, SOMAXCONN);
    boost::system::error_code ignored;
    acceptable_.close(ignored);
    acceptable_.assign(watched);
  }

  // False: out of descriptors or memory, for a while.
  bool accept_some(int listening, int most) {
    for (int i = 0; i < most; ++i) {
      unique_fd fd{::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (fd) {
        hub_.adopt(std::move(fd));
        continue;
      }
      const int error = errno;
      if (error == EAGAIN) return true;
      if (error == EINTR || error == ECONNABORTED) continue;
      if (const auto suppressed = shortages_.occurred(steady_clock::now())) {
        log_.error(std::string{"local connections wait: accept: "} + std::strerror(error) +
                   "; raise LimitNOFILE= or lower local.connections");
      }
      return false;
    }
    return true;
  }

  logger& log_;
  socket_keeper socket_;
  asio::posix::basic_stream_descriptor<io::executor> acceptable_;
  timer pause_;
  timer drained_;
  log_limiter shortages_;
  bool stopping_ = false;
  hub hub_;
};

server::server(io::context& context, const options& initial, std::string server_name, log::event_log& events,
               request_handler& handler, named_subscribers& named, logger& log)
    : impl_(std::make_unique<impl>(context, initial, std::move(server_name), events, handler, named, log)) {}
server::~server() = default;

io::task<> server::run() {
  return impl_->run();
}
void server::stop(std::chrono::milliseconds drain) {
  impl_->stop(drain);
}
void server::publish_status(proto::status status) {
  impl_->peers().publish_status(std::move(status));
}
void server::trace(peer_token who, std::chrono::milliseconds time, answer_function done) {
  impl_->peers().trace(who, time, std::move(done));
}
bool server::publish_trace(const proto::trace& line) {
  return impl_->peers().publish_trace(line);
}
void server::flush() {
  impl_->peers().flush();
}
void server::reconfigure(options changed, access_rules access) {
  impl_->reconfigure(std::move(changed), std::move(access));
}
std::string server::look_after_socket() {
  return impl_->look_after_socket();
}
std::string server::socket_trouble() const {
  return impl_->socket_trouble();
}
std::vector<peer_info> server::peers() const {
  return impl_->peers().peers();
}
connection_counts server::counts(const sight& whom) const {
  return impl_->peers().counts(whom);
}
const room_holders& server::holders() const {
  return impl_->peers().room_holds();
}
latency_histogram server::latency() const {
  return impl_->peers().latency();
}

server_counters server::counters() const {
  return impl_->peers().counters();
}

}  // namespace roombridge::local
