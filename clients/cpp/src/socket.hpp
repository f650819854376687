// SPDX-License-Identifier: MIT
// A connected, non-blocking Unix stream socket, and waiting for it. The only file of the client that talks to the
// system.
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

class unix_socket {
 public:
  unix_socket() = default;
  ~unix_socket() { close(); }
  unix_socket(const unix_socket&) = delete;
  unix_socket& operator=(const unix_socket&) = delete;

  // Failures: unreachable, not_permitted, timeout. Their text says what to do. Closes what was open before.
  [[nodiscard]] std::optional<failure> connect(const std::string& path, std::chrono::milliseconds timeout);

  // Takes an open, connected socket over and makes it non-blocking.
  void adopt(int fd);
  void close();

  // The other side sees the end; the descriptor stays, because an event loop may still watch it.
  void shut_down();
  [[nodiscard]] int fd() const { return fd_; }

  // Bytes done; 0: it would block; nothing: the stream ended or failed, `end_text()` says how.
  [[nodiscard]] std::optional<std::size_t> read(std::span<std::byte> into);
  [[nodiscard]] std::optional<std::size_t> write(std::string_view from);
  [[nodiscard]] const std::string& end_text() const { return end_text_; }

  // False: the deadline came first. True also when the other side hung up.
  [[nodiscard]] bool wait(bool for_write, const deadline& until) const;

 private:
  int fd_ = -1;
  std::string end_text_;
};

}  // namespace roombridge
