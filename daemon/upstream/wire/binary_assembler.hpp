// SPDX-License-Identifier: MIT
// Collects the binary messages that follow a Socket.IO packet with attachments. Pure. Holds at most its limit, at most
// one packet.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/upstream/wire/padded_buffer.hpp"
#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream::socketio {

class binary_assembler {
 public:
  // `limit`: bytes of a packet's data and all its attachments together.
  explicit binary_assembler(std::size_t limit) : limit_(limit) {}

  // Starts with a copy of a packet that has attachments (asserted), so its text may go.
  // Errors: attachments_missing when one is already waited for, packet_too_large. After an error nothing is waited for.
  [[nodiscard]] std::optional<error> begin(const packet& head);

  // Takes one binary message. Errors: unexpected_binary, packet_too_large. After an error nothing is waited for.
  [[nodiscard]] std::optional<error> add(std::string_view message);

  // Attachments are missing: any other Socket.IO packet now is an error (attachments_missing); engine packets are not.
  [[nodiscard]] bool waiting() const { return waiting_; }

  // The last attachment has come: packet() and attachments() are whole.
  [[nodiscard]] bool complete() const { return complete_; }

  // The packet and its attachments in order, when complete() (asserted). The views have read_padding readable bytes
  // behind them and live until the next begin() or clear().
  [[nodiscard]] packet assembled() const;
  [[nodiscard]] std::span<const std::span<const std::byte>> attachments() const;

  // Forgets everything and gives large memory back; to be called when the assembled packet has been used.
  void clear();

 private:
  void finish();
  [[nodiscard]] std::optional<error> fail(error why);

  std::size_t limit_;
  packet head_;  // without its views
  std::string nsp_;
  padded_buffer bytes_;  // the packet's data, then the attachments
  std::size_t data_size_ = 0;
  std::array<std::size_t, attachment_limit> sizes_{};
  std::array<std::span<const std::byte>, attachment_limit> attachments_{};
  std::size_t received_ = 0;
  bool waiting_ = false;
  bool complete_ = false;
};

}  // namespace roombridge::upstream::socketio
