// SPDX-License-Identifier: MIT
// The head of an EVENT frame (PROTOCOL.md section 5) as the daemon's hot path writes it: straight into the log, without
// a JSON library and without allocating. parse<event>() of messages.hpp reads the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace roombridge::proto {

// What the head says. Texts are UTF-8; `seq` and `time` (µs since the Unix epoch, not negative) are at most
// max_integer.
struct event_fields {
  std::uint64_t seq = 0;
  std::int64_t time = 0;
  std::string_view event;
  std::span<const std::string_view> topics{};    // left out when empty
  std::span<const std::uint32_t> attachments{};  // their sizes in bytes; left out when empty
  bool unexpected = false;                       // left out when false
  bool retained = false;                         // likewise
};

// Bytes that write_event_head() will write. The caller checks them against max_head and max_body.
[[nodiscard]] std::size_t event_head_size(const event_fields& fields) noexcept;

// Writes the head; `out` has room for event_head_size(fields) bytes. Returns the end of what was written.
char* write_event_head(char* out, const event_fields& fields) noexcept;

// The same at the end of a string.
void append_event_head(std::string& out, const event_fields& fields);

}  // namespace roombridge::proto
