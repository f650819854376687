// SPDX-License-Identifier: MIT
// One connection to the daemon: drives the core (connection.hpp) over a socket, up to a deadline.
//
// Invariant: without a living socket the core is closed, so that nothing waits for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <roombridge/connection.hpp>

#include "socket.hpp"

namespace roombridge {

// What HELLO says of the client.
struct introduction {
  std::string name;
  std::string subscriber;  // empty: none
};

class channel {
 public:
  channel() { drop(); }

  // Connects, says HELLO and waits for WELCOME. After a failure the core is closed and has no messages.
  [[nodiscard]] std::optional<failure> open(const std::string& path, const introduction& who,
                                            std::chrono::milliseconds timeout);

  // The same over a connected socket, which it owns from now on.
  [[nodiscard]] std::optional<failure> adopt(int fd, const introduction& who, std::chrono::milliseconds timeout);

  // Waits until bytes can be read or written, and does it. False: `until` came first, or the core is closed.
  [[nodiscard]] bool pump(const deadline& until);

  // Read or write what goes without waiting.
  void read();
  void write();

  [[nodiscard]] connection& core() { return core_; }
  [[nodiscard]] const connection& core() const { return core_; }
  [[nodiscard]] int fd() const { return socket_.fd(); }

  // The newest WELCOME.
  [[nodiscard]] const welcome& daemon() const { return daemon_; }

 private:
  [[nodiscard]] std::optional<failure> greet(const introduction& who, std::chrono::milliseconds timeout);
  void drop();

  unix_socket socket_;
  connection core_;
  welcome daemon_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65'536);
};

}  // namespace roombridge
