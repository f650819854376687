// SPDX-License-Identifier: MIT
// Every message of the protocol, and whole frames of them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <roombridge/proto/client_messages.hpp>
#include <roombridge/proto/daemon_messages.hpp>

namespace roombridge::proto {

// Appends the message as a frame. False, and `out` unchanged, when it passes a limit of the header or max_body.
template <class Message>
[[nodiscard]] bool append_message(std::string& out, const Message& message, std::span<const std::byte> payload = {}) {
  return append_frame(out, Message::type, encode_head(message), payload);
}

// The message as a frame; empty when it passes a limit.
template <class Message>
[[nodiscard]] std::string encode(const Message& message, std::span<const std::byte> payload = {}) {
  std::string out;
  return append_message(out, message, payload) ? out : std::string{};
}

}  // namespace roombridge::proto
