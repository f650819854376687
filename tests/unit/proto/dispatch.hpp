// SPDX-License-Identifier: MIT
// Reads the head of any frame type by its struct, for tests that run over every type.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <roombridge/proto/messages.hpp>

namespace roombridge::proto::test {

struct reread {
  std::optional<parse_error> error;
  std::string head;   // what the encoder makes of the struct
  bool same = false;  // what the encoder wrote reads as an equal struct
};

template <class Message>
reread reread_as(std::string_view head) {
  const auto value = parse<Message>(head);
  if (!value) return {value.error(), {}, false};
  reread out{std::nullopt, encode_head(*value), false};
  const auto again = parse<Message>(out.head);
  out.same = again && *again == *value;
  return out;
}

// Nothing for a type that this version does not know.
inline std::optional<reread> reread_head(frame_type type, std::string_view head) {
  switch (type) {
    case frame_type::hello:
      return reread_as<hello>(head);
    case frame_type::subscribe:
      return reread_as<subscribe>(head);
    case frame_type::unsubscribe:
      return reread_as<unsubscribe>(head);
    case frame_type::join:
      return reread_as<join>(head);
    case frame_type::leave:
      return reread_as<leave>(head);
    case frame_type::ack:
      return reread_as<ack>(head);
    case frame_type::emit:
      return reread_as<emit>(head);
    case frame_type::call:
      return reread_as<call>(head);
    case frame_type::ping:
      return reread_as<ping>(head);
    case frame_type::pong:
      return reread_as<pong>(head);
    case frame_type::welcome:
      return reread_as<welcome>(head);
    case frame_type::event:
      return reread_as<event>(head);
    case frame_type::status:
      return reread_as<status>(head);
    case frame_type::live:
      return reread_as<live>(head);
    case frame_type::gap:
      return reread_as<gap>(head);
    case frame_type::result:
      return reread_as<result>(head);
    case frame_type::error:
      return reread_as<error>(head);
    case frame_type::bye:
      return reread_as<bye>(head);
    case frame_type::trace:
      return reread_as<trace>(head);
  }
  return std::nullopt;
}

}  // namespace roombridge::proto::test
