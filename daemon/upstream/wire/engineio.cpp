// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/engineio.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace roombridge::upstream::engineio {
namespace {

namespace json = boost::json;

// Boost.JSON reads zero with a large exponent ("0e400") as zero times infinity, which is not a number.
double to_double(const json::value& number) {
  const double value = number.to_number<double>();
  return std::isnan(value) ? 0 : value;
}

// Nothing: not a number, nor a text that is one.
std::optional<double> read_number(const json::value& value) {
  if (value.is_string()) {
    boost::system::error_code failed;
    const json::value inside = json::parse(value.get_string(), failed);
    if (failed || !inside.is_number()) return std::nullopt;
    return to_double(inside);
  }
  if (!value.is_number()) return std::nullopt;
  return to_double(value);
}

// Puts it into `into`, which holds the usual. False: it is no duration.
bool read_duration(const json::value* value, std::chrono::milliseconds& into) {
  if (value == nullptr || value->is_null()) return true;
  const auto count = read_number(*value);
  if (!count || *count < 0) return false;
  const double most = static_cast<double>(heartbeat_limit.count());
  into = std::chrono::milliseconds{static_cast<std::int64_t>(std::clamp(std::round(*count), 1.0, most))};
  return true;
}

// A server without a limit writes Infinity, which JSON turns into null.
std::optional<std::uint64_t> read_max_payload(const json::value* value) {
  constexpr double exact_in_json = 9'007'199'254'740'992.0;
  const auto bytes = value != nullptr ? read_number(*value) : std::nullopt;
  if (!bytes || *bytes < 1) return std::nullopt;
  return static_cast<std::uint64_t>(std::min(*bytes, exact_in_json));
}

// As JavaScript writes a number, and so the server, which looks the session up by its text.
std::string number_text(double value) {
  constexpr double least_in_full = 1e-6;
  constexpr double beyond_full = 1e21;
  const double size = std::abs(value);
  const bool in_full = size == 0 || (size >= least_in_full && size < beyond_full);
  std::array<char, 64> out{};
  const auto end = std::to_chars(out.data(), out.data() + out.size(), value,
                                 in_full ? std::chars_format::fixed : std::chars_format::scientific);
  return {out.data(), end.ptr};
}

std::string read_sid(const json::value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return std::string{std::string_view{value->get_string()}};
  if (value->is_double()) return std::isinf(to_double(*value)) ? std::string() : number_text(to_double(*value));
  return value->is_number() ? json::serialize(*value) : std::string();
}

bool offers_websocket(const json::value* upgrades) {
  const json::array* names = upgrades != nullptr ? upgrades->if_array() : nullptr;
  return names != nullptr && std::any_of(names->begin(), names->end(),
                                         [](const json::value& one) { return one.is_string() && one == "websocket"; });
}

unusable_open unusable(std::string_view name, std::string_view wanted, const json::value* value) {
  return {"its " + std::string(name) + " must be " + std::string(wanted) + ", and is " +
          (value != nullptr ? json::serialize(*value) : "missing")};
}

boost::system::result<open, unusable_open> read_open(const json::object& fields) {
  constexpr std::string_view milliseconds = "a number of milliseconds";
  open value;
  const json::value* sid = fields.if_contains("sid");
  value.sid = read_sid(sid);
  if (value.sid.empty() || value.sid.size() > sid_limit)
    return unusable("sid", "a text of 1 to " + std::to_string(sid_limit) + " bytes", sid);
  const json::value* interval = fields.if_contains("pingInterval");
  if (!read_duration(interval, value.ping_interval)) return unusable("pingInterval", milliseconds, interval);
  const json::value* timeout = fields.if_contains("pingTimeout");
  if (!read_duration(timeout, value.ping_timeout)) return unusable("pingTimeout", milliseconds, timeout);
  value.max_payload = read_max_payload(fields.if_contains("maxPayload"));
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

boost::system::result<open, unusable_open> parse_open(std::string_view data) {
  if (data.size() > open_limit) {
    return unusable_open{"it has " + std::to_string(data.size()) + " bytes, which is too many"};
  }
  boost::system::error_code failed;
  const json::value value = json::parse(data, failed);
  if (failed || !value.is_object()) {
    return unusable_open{"it must be a JSON object, and is " + std::string(data)};
  }
  return read_open(value.get_object());
}

std::string target(std::string_view path, std::string_view transport) {
  std::string out;
  if (!path.starts_with('/')) out += '/';
  out.append(path);
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
  }
  return "an unknown Engine.IO error";
}

}  // namespace roombridge::upstream::engineio
