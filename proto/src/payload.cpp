// SPDX-License-Identifier: MIT
#include <roombridge/proto/payload.hpp>

namespace roombridge::proto {

std::optional<payload_parts> split_payload(std::span<const std::byte> payload,
                                           std::span<const std::uint32_t> sizes) noexcept {
  if (sizes.size() > max_attachments) return std::nullopt;
  std::uint64_t total = 0;
  for (const auto size : sizes) total += size;
  if (total > payload.size()) return std::nullopt;

  payload_parts parts;
  const auto text = payload.first(payload.size() - static_cast<std::size_t>(total));
  parts.arguments_ = {reinterpret_cast<const char*>(text.data()), text.size()};
  std::size_t at = text.size();
  for (const auto size : sizes) {
    parts.attachments_[parts.count_++] = payload.subspan(at, size);
    at += size;
  }
  return parts;
}

}  // namespace roombridge::proto
