// SPDX-License-Identifier: MIT
#include "daemon/upstream/engineio.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace roombridge::upstream::engineio {
namespace {

namespace json = boost::json;

std::optional<std::int64_t> read_integer(const json::value* value, std::int64_t least, std::int64_t most) {
  if (value == nullptr) return std::nullopt;
  boost::system::error_code failed;
  const auto number = value->to_number<std::int64_t>(failed);
  if (failed || number < least || number > most) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> read_duration(const json::value* value) {
  const auto count = read_integer(value, 1, heartbeat_limit.count());
  if (!count) return std::nullopt;
  return std::chrono::milliseconds{*count};
}

bool offers_websocket(const json::value* upgrades) {
  const json::array* names = upgrades != nullptr ? upgrades->if_array() : nullptr;
  return names != nullptr && std::any_of(names->begin(), names->end(),
                                         [](const json::value& one) { return one.is_string() && one == "websocket"; });
}

result<open> read_open(const json::object& fields) {
  constexpr std::int64_t exact_in_json = std::int64_t{1} << 53;
  open value;
  const json::value* sid = fields.if_contains("sid");
  if (sid == nullptr || !sid->is_string()) return error::bad_sid;
  value.sid = std::string_view{sid->get_string()};
  if (value.sid.empty() || value.sid.size() > sid_limit) return error::bad_sid;

  const auto interval = read_duration(fields.if_contains("pingInterval"));
  if (!interval) return error::bad_interval;
  value.ping_interval = *interval;
  const auto timeout = read_duration(fields.if_contains("pingTimeout"));
  if (!timeout) return error::bad_timeout;
  value.ping_timeout = *timeout;

  // A server without a limit writes Infinity, which JSON turns into null.
  const json::value* max_payload = fields.if_contains("maxPayload");
  if (max_payload != nullptr && !max_payload->is_null()) {
    const auto bytes = read_integer(max_payload, 1, exact_in_json);
    if (!bytes) return error::bad_max_payload;
    value.max_payload = static_cast<std::uint64_t>(*bytes);
  }
  value.offers_websocket = offers_websocket(fields.if_contains("upgrades"));
  return value;
}

}  // namespace

result<packet> decode(std::string_view text) {
  if (text.empty()) return error::empty_packet;
  if (text.front() < '0' || text.front() > '6') return error::unknown_type;
  return packet{static_cast<packet_type>(text.front()), text.substr(1)};
}

void append_packet(std::string& out, packet_type type, std::string_view data) {
  out += static_cast<char>(type);
  out.append(data);
}

result<open> parse_open(std::string_view data) {
  if (data.size() > open_limit) return error::open_too_large;
  boost::system::error_code failed;
  const json::value value = json::parse(data, failed);
  if (failed || !value.is_object()) return error::open_not_json;
  return read_open(value.get_object());
}

std::string target(std::string_view path, std::string_view transport) {
  std::string out;
  if (!path.starts_with('/')) out += '/';
  out.append(path);
  if (!out.ends_with('/')) out += '/';
  return out.append("?EIO=4&transport=").append(transport);
}

bool is_engineio3(std::string_view text, bool max_payload_announced) {
  return text == "40" || (!max_payload_announced && text.starts_with("44\""));
}

std::string_view to_string(error value) {
  switch (value) {
    case error::empty_packet:
      return "an empty Engine.IO packet";
    case error::unknown_type:
      return "an Engine.IO packet of unknown type";
    case error::open_too_large:
      return "an Engine.IO open packet that is too large";
    case error::open_not_json:
      return "an Engine.IO open packet that is not a JSON object";
    case error::bad_sid:
      return "an Engine.IO open packet without a usable sid";
    case error::bad_interval:
      return "an Engine.IO open packet without a usable pingInterval";
    case error::bad_timeout:
      return "an Engine.IO open packet without a usable pingTimeout";
    case error::bad_max_payload:
      return "an Engine.IO open packet with an unusable maxPayload";
  }
  return "an unknown Engine.IO error";
}

}  // namespace roombridge::upstream::engineio
