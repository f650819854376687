// SPDX-License-Identifier: MIT
// A non-blocking Unix stream socket, and waiting for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <roombridge/messages.hpp>

namespace roombridge {

using deadline = std::optional<std::chrono::steady_clock::time_point>;  // nothing: for ever

// Nothing: no socket has such a path.
[[nodiscard]] std::optional<failure> path_fault(const std::string& path);

enum class waited { ready, time_over, interrupted };

// Waits until one of two descriptors is ready: `fd` for `events` of poll(), also when the other side hung up; `wakes`
// for reading. -1 stands for none. `interrupted`: a signal's handler ran.
[[nodiscard]] waited wait_for(int fd, short events, int wakes, const deadline& until);

class unix_socket {
 public:
  unix_socket() = default;
  ~unix_socket() { close(); }
  unix_socket(const unix_socket&) = delete;
  unix_socket& operator=(const unix_socket&) = delete;

  // Never waits. Failures: unreachable, not_permitted, timeout (the daemon has not accepted those before). Their text
  // says what to do. Closes what was open before, but not before the new one is open: their descriptors differ.
  [[nodiscard]] std::optional<failure> connect(const std::string& path);

  // Takes an open, connected socket over and makes it non-blocking.
  void adopt(int fd);
  void close();

  void end_writing();  // the other side sees the end, and may go on writing
  // The other side sees the end; the descriptor stays, because an event loop may still watch it.
  void shut_down();
  [[nodiscard]] int fd() const { return fd_; }

  // The other side has gone; what it wrote before may still be there to be read.
  [[nodiscard]] bool is_hung_up() const;

  // Bytes done; 0: it would block; nothing: the stream ended or failed, `end_text()` says how.
  [[nodiscard]] std::optional<std::size_t> read(std::span<std::byte> into);
  [[nodiscard]] std::optional<std::size_t> write(std::string_view from);
  [[nodiscard]] const std::string& end_text() const { return end_text_; }

 private:
  int fd_ = -1;
  std::string end_text_;
};

}  // namespace roombridge
