// SPDX-License-Identifier: MIT
#include "daemon/log/frame_time.hpp"

#include <string_view>

#include <roombridge/proto/messages.hpp>

namespace roombridge::log {

std::optional<std::int64_t> frame_time(std::span<const std::byte> frame) {
  if (frame.size() < proto::header_size) return std::nullopt;
  const proto::header header = proto::decode_header(frame.first<proto::header_size>());
  if (frame.size() - proto::header_size < header.head_length) return std::nullopt;
  const std::string_view head{reinterpret_cast<const char*>(frame.data()) + proto::header_size, header.head_length};
  if (header.type == proto::frame_type::event) {
    const auto event = proto::parse<proto::event>(head);
    return event ? std::optional{event->time} : std::nullopt;
  }
  const auto gap = proto::parse<proto::gap>(head);
  return gap ? gap->until : std::nullopt;
}

}  // namespace roombridge::log
