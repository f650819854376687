// SPDX-License-Identifier: MIT
// The client in an Asio program: Asio waits for the descriptor and the time, the client does the rest, without waiting.
// It outlives restarts of the daemon.
#include <chrono>
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <poll.h>

#include <roombridge/client.hpp>

namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

class tail {
 public:
  tail(asio::io_context& context, roombridge::client& client) : client_(client), socket_(context), timer_(context) {}
  ~tail() { release(); }  // the descriptor is the client's
  tail(const tail&) = delete;
  tail& operator=(const tail&) = delete;

  void start() {
    const auto request = client_.core().subscribe({});
    if (!request) std::cerr << request.error().text << '\n';
    turn();
  }

 private:
  void turn() {
    while (const auto message = client_.try_next()) {
      if (print(*message)) return;
    }
    wait();
  }

  // For whatever comes first; the other waits are called off, and what they still tell is of a turn that is over.
  void wait() {
    if (const int handle = client_.native_handle(); !socket_.is_open() || socket_.native_handle() != handle) {
      release();
      if (handle >= 0) socket_.assign(handle);
    }
    const auto on_ready = [this, turn = ++turn_](boost::system::error_code) {
      if (turn != turn_) return;
      ++turn_;
      if (socket_.is_open()) socket_.cancel();
      timer_.cancel();
      this->turn();
    };
    if ((client_.events() & POLLIN) != 0) socket_.async_wait(stream_descriptor::wait_read, on_ready);
    if ((client_.events() & POLLOUT) != 0) socket_.async_wait(stream_descriptor::wait_write, on_ready);
    if (const int timeout = client_.timeout_ms(); timeout >= 0) {
      timer_.expires_after(std::chrono::milliseconds{timeout});
      timer_.async_wait(on_ready);
    }
  }

  void release() {
    if (socket_.is_open()) socket_.release();
  }

  // Whether that was the last one.
  static bool print(const roombridge::message& message) {
    if (const auto* event = std::get_if<roombridge::event>(&message)) {
      std::cout << event->name << ' ' << event->arguments << std::endl;
    }
    if (const auto* gap = std::get_if<roombridge::gap>(&message))
      std::cout << "missed some: " << gap->reason << std::endl;
    if (const auto* error = std::get_if<roombridge::protocol_error>(&message)) std::cerr << error->info.text << '\n';
    const auto* end = std::get_if<roombridge::closed>(&message);
    if (end != nullptr) std::cerr << end->why.text << '\n';
    return end != nullptr && !end->retry_in;
  }

  roombridge::client& client_;
  stream_descriptor socket_;
  asio::steady_timer timer_;
  unsigned turn_ = 0;
};

}  // namespace

int main() {
  roombridge::client client{{.name = "example asio_tail"}};
  asio::io_context context;
  tail program{context, client};
  program.start();
  context.run();
}
