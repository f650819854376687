// SPDX-License-Identifier: MIT
// The client in an Asio program: Asio waits for the descriptor, the client reads and writes it.
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <roombridge/client.hpp>

namespace {

namespace asio = boost::asio;

class tail {
 public:
  tail(asio::io_context& context, roombridge::client& client)
      : client_(client), socket_(context, client.native_handle()) {}
  ~tail() { socket_.release(); }  // the descriptor is the client's
  tail(const tail&) = delete;
  tail& operator=(const tail&) = delete;

  void start() {
    const auto request = client_.core().subscribe({});
    if (!request) std::cerr << request.error().text << '\n';
    write();
    read();
  }

 private:
  void read() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code failed) {
      if (failed) return;
      client_.on_readable();
      write();
      bool over = false;
      while (const auto message = client_.try_next()) over = print(*message);
      if (!over) read();
    });
  }

  void write() {
    client_.on_writable();
    if (!client_.wants_write()) return;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write, [this](boost::system::error_code failed) {
      if (!failed) write();
    });
  }

  // Whether that was the last one.
  static bool print(const roombridge::message& message) {
    if (const auto* event = std::get_if<roombridge::event>(&message)) {
      std::cout << event->name << ' ' << event->arguments << std::endl;
    }
    const auto* end = std::get_if<roombridge::closed>(&message);
    if (end != nullptr) std::cerr << end->why.text << '\n';
    return end != nullptr;
  }

  roombridge::client& client_;
  asio::posix::stream_descriptor socket_;
};

}  // namespace

int main() {
  roombridge::client client{{.name = "example asio_tail"}};
  if (const auto failed = client.connect()) {
    std::cerr << failed->text << '\n';
    return 1;
  }
  asio::io_context context;
  tail program{context, client};
  program.start();
  context.run();
}
