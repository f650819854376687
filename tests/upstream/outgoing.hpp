// SPDX-License-Identifier: MIT
// Socket.IO 5 packets as the test upstream writes them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace test_upstream {

enum class packet_type { connect, disconnect, event, ack, connect_error, binary_event, binary_ack };

// What a server sends: an event or an acknowledgement. `arguments` is a JSON array; the views live for the call.
struct outgoing {
  std::string_view event;  // empty: an acknowledgement, and `id` is needed
  std::string_view arguments = "[]";
  std::span<const std::string> attachments{};
  std::optional<std::uint64_t> id{};
  std::string_view nsp = "/";
};

// The Engine.IO text message ("42…") that announces `what`; its attachments follow as binary messages of their own.
[[nodiscard]] std::string encode(const outgoing& what);

// The Engine.IO text message for CONNECT's answers and DISCONNECT; `data` is JSON text or empty.
[[nodiscard]] std::string encode_control(packet_type type, std::string_view nsp, std::string_view data);

// `text` as a JSON string with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace test_upstream
