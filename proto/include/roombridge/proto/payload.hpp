// SPDX-License-Identifier: MIT
// The payload of EVENT, EMIT and an acknowledgement (PROTOCOL.md section 6): a JSON array and the attachments behind
// it. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <roombridge/proto/frame.hpp>

namespace roombridge::proto {

// Views into the payload that was split.
class payload_parts {
 public:
  // The array's text; empty when nothing lies before the attachments. Not checked to be JSON.
  [[nodiscard]] std::string_view arguments() const { return arguments_; }
  [[nodiscard]] std::span<const std::span<const std::byte>> attachments() const {
    return std::span{attachments_}.first(count_);
  }

 private:
  friend std::optional<payload_parts> split_payload(std::span<const std::byte>,
                                                    std::span<const std::uint32_t>) noexcept;

  std::string_view arguments_;
  std::array<std::span<const std::byte>, max_attachments> attachments_;
  std::size_t count_ = 0;
};

// `sizes` is the head's `attachments`. Nothing when there are more than max_attachments or they do not fit into the
// payload.
[[nodiscard]] std::optional<payload_parts> split_payload(std::span<const std::byte> payload,
                                                         std::span<const std::uint32_t> sizes) noexcept;

}  // namespace roombridge::proto
