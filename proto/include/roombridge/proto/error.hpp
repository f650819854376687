// SPDX-License-Identifier: MIT
// The error codes of PROTOCOL.md section 5, with what the protocol says of each. Pure.
#pragma once

#include <string_view>

namespace roombridge::proto {

enum class error_code : int {
  none = 0,
  bad_frame = 100,
  frame_too_large = 101,
  hello_expected = 102,
  hello_timeout = 103,
  version_unsupported = 104,
  unknown_critical_flag = 105,
  bad_head = 106,
  subscriber_in_use = 107,
  bad_request = 200,
  unknown_method = 201,
  bad_pattern = 202,
  too_many_subscriptions = 203,
  unknown_subscription = 204,
  not_permitted = 205,
  reserved_name = 206,
  bad_payload = 207,
  too_large_for_server = 208,
  duplicate_id = 209,
  too_many_requests = 210,
  room_refused = 212,
  room_not_held = 213,
  too_many_rooms = 214,
  revoked = 215,
  too_many_subscribers = 216,
  unknown_subscriber = 217,
  subscriber_connected = 218,
  not_connected = 300,
  ack_timeout = 301,
  connection_lost = 302,
  hold_full = 303,
  hold_expired = 304,
  session_changed = 305,
  config_invalid = 400,
  internal = 500,
};

// The name in the protocol, e.g. "bad_frame"; a literal. "none" for none, "unknown" for a code that is not in the
// table.
[[nodiscard]] std::string_view to_string(error_code code) noexcept;

// The code with this name; none when there is none.
[[nodiscard]] error_code error_code_of(std::string_view name) noexcept;

// What the frame's `retry` says: the same request may succeed later.
[[nodiscard]] constexpr bool may_retry(error_code code) noexcept {
  switch (code) {
    case error_code::subscriber_in_use:
    case error_code::too_many_subscriptions:
    case error_code::too_many_requests:
    case error_code::too_many_rooms:
    case error_code::too_many_subscribers:
    case error_code::subscriber_connected:
    case error_code::not_connected:
    case error_code::ack_timeout:
    case error_code::connection_lost:
    case error_code::hold_full:
    case error_code::hold_expired:
      return true;
    default:
      return false;
  }
}

// Codes 100-199 end the connection: ERROR `fatal`, BYE, close.
[[nodiscard]] constexpr bool is_fatal(error_code code) noexcept {
  return static_cast<int>(code) >= 100 && static_cast<int>(code) < 200;
}

}  // namespace roombridge::proto
