// SPDX-License-Identifier: MIT
#include <roombridge/proto/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace roombridge::proto {
namespace {

using entry = std::pair<error_code, std::string_view>;

constexpr std::array<entry, 36> names{{
    {error_code::none, "none"},
    {error_code::bad_frame, "bad_frame"},
    {error_code::frame_too_large, "frame_too_large"},
    {error_code::hello_expected, "hello_expected"},
    {error_code::hello_timeout, "hello_timeout"},
    {error_code::version_unsupported, "version_unsupported"},
    {error_code::unknown_critical_flag, "unknown_critical_flag"},
    {error_code::bad_head, "bad_head"},
    {error_code::subscriber_in_use, "subscriber_in_use"},
    {error_code::bad_request, "bad_request"},
    {error_code::unknown_method, "unknown_method"},
    {error_code::bad_pattern, "bad_pattern"},
    {error_code::too_many_subscriptions, "too_many_subscriptions"},
    {error_code::unknown_subscription, "unknown_subscription"},
    {error_code::not_permitted, "not_permitted"},
    {error_code::reserved_name, "reserved_name"},
    {error_code::bad_payload, "bad_payload"},
    {error_code::too_large_for_server, "too_large_for_server"},
    {error_code::duplicate_id, "duplicate_id"},
    {error_code::too_many_requests, "too_many_requests"},
    {error_code::room_refused, "room_refused"},
    {error_code::room_not_held, "room_not_held"},
    {error_code::too_many_rooms, "too_many_rooms"},
    {error_code::revoked, "revoked"},
    {error_code::too_many_subscribers, "too_many_subscribers"},
    {error_code::unknown_subscriber, "unknown_subscriber"},
    {error_code::subscriber_connected, "subscriber_connected"},
    {error_code::not_connected, "not_connected"},
    {error_code::ack_timeout, "ack_timeout"},
    {error_code::connection_lost, "connection_lost"},
    {error_code::hold_full, "hold_full"},
    {error_code::hold_expired, "hold_expired"},
    {error_code::session_changed, "session_changed"},
    {error_code::config_invalid, "config_invalid"},
    {error_code::internal, "internal"},
}};

}  // namespace

std::string_view to_string(error_code code) noexcept {
  const auto found = std::find_if(names.begin(), names.end(), [code](const entry& e) { return e.first == code; });
  return found == names.end() ? std::string_view{"unknown"} : found->second;
}

error_code error_code_of(std::string_view name) noexcept {
  const auto found = std::find_if(names.begin(), names.end(), [name](const entry& e) { return e.second == name; });
  return found == names.end() ? error_code::none : found->first;
}

}  // namespace roombridge::proto
