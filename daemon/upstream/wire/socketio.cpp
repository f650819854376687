// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/socketio.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <roombridge/proto/json_text.hpp>
#include <system_error>

namespace roombridge::upstream::socketio {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_binary(packet_type type) {
  return type == packet_type::binary_event || type == packet_type::binary_ack;
}

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const auto digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

// Nothing when the number does not fit. `digits` is not empty.
std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<error> take_attachments(std::string_view& rest, packet& value) {
  const auto digits = take_digits(rest);
  if (digits.empty() || !rest.starts_with('-')) return error::bad_attachments;
  rest.remove_prefix(1);
  const auto count = to_number(digits);
  if (!count || *count > attachment_limit) return error::too_many_attachments;
  value.attachments = static_cast<std::size_t>(*count);
  return std::nullopt;
}

std::optional<error> take_nsp(std::string_view& rest, packet& value) {
  if (!rest.starts_with('/')) return std::nullopt;
  const std::size_t size = std::min(rest.substr(0, nsp_limit + 1).find(','), rest.size());
  if (size > nsp_limit) return error::nsp_too_long;
  value.nsp = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return std::nullopt;
}

std::optional<error> take_id(std::string_view& rest, packet& value) {
  const auto digits = take_digits(rest);
  if (digits.empty()) return std::nullopt;
  value.id = to_number(digits);
  if (!value.id) return error::id_too_large;
  return std::nullopt;
}

std::optional<error> check_shape(const packet& value) {
  switch (value.type) {
    case packet_type::ack:
    case packet_type::binary_ack:
      if (!value.id) return error::ack_without_id;
      [[fallthrough]];
    case packet_type::event:
    case packet_type::binary_event:
      if (!value.data.starts_with('[')) return error::data_missing;
      return std::nullopt;
    case packet_type::connect:
    case packet_type::disconnect:
    case packet_type::connect_error:
      return std::nullopt;
  }
  return std::nullopt;
}

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto written = std::to_chars(std::begin(digits), std::end(digits), value);
  out.append(digits, written.ptr);
}

// Type, attachments, namespace and id: everything before the data.
void append_head(std::string& out, packet_type type, std::string_view nsp, std::optional<std::uint64_t> id = {},
                 std::size_t attachments = 0) {
  assert(nsp.starts_with('/') && nsp.size() <= nsp_limit && nsp.find(',') == std::string_view::npos);
  assert(attachments <= attachment_limit);
  out += static_cast<char>('0' + static_cast<int>(type));
  if (is_binary(type)) {
    append_number(out, attachments);
    out += '-';
  }
  if (nsp != "/") out.append(nsp).append(1, ',');
  if (id) append_number(out, *id);
}

// What stands between the array's brackets, or nothing when that is only white space.
std::string_view elements(std::string_view array) {
  const std::size_t open = array.find('[');
  const std::size_t close = array.rfind(']');
  assert(open < close && close != std::string_view::npos);
  const std::string_view inner = array.substr(open + 1, close - open - 1);
  return inner.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view{} : inner;
}

}  // namespace

result<packet> decode(std::string_view text) {
  if (text.empty()) return error::empty_packet;
  if (text.front() < '0' || text.front() > '6') return error::unknown_type;
  packet value;
  value.type = static_cast<packet_type>(text.front() - '0');
  std::string_view rest = text.substr(1);
  if (is_binary(value.type)) {
    if (const auto wrong = take_attachments(rest, value)) return *wrong;
  }
  if (const auto wrong = take_nsp(rest, value)) return *wrong;
  if (const auto wrong = take_id(rest, value)) return *wrong;
  value.data = rest;
  if (const auto wrong = check_shape(value)) return *wrong;
  return value;
}

void append_connect(std::string& out, std::string_view nsp, std::string_view auth) {
  append_head(out, packet_type::connect, nsp);
  out.append(auth);
}

void append_disconnect(std::string& out, std::string_view nsp) {
  append_head(out, packet_type::disconnect, nsp);
}

void append_event(std::string& out, std::string_view nsp, std::string_view name, std::string_view arguments,
                  std::optional<std::uint64_t> id, std::size_t attachments) {
  append_head(out, attachments == 0 ? packet_type::event : packet_type::binary_event, nsp, id, attachments);
  out += '[';
  proto::append_json_string(out, name);
  if (const auto inner = elements(arguments); !inner.empty()) out.append(1, ',').append(inner);
  out += ']';
}

void append_ack(std::string& out, std::string_view nsp, std::uint64_t id, std::string_view arguments,
                std::size_t attachments) {
  append_head(out, attachments == 0 ? packet_type::ack : packet_type::binary_ack, nsp, id, attachments);
  out.append(1, '[').append(elements(arguments)).append(1, ']');
}

std::string_view to_string(error value) {
  switch (value) {
    case error::empty_packet:
      return "an empty Socket.IO packet";
    case error::unknown_type:
      return "a Socket.IO packet of unknown type";
    case error::bad_attachments:
      return "a binary Socket.IO packet without its count of attachments";
    case error::too_many_attachments:
      return "a Socket.IO packet with more than 16 attachments";
    case error::nsp_too_long:
      return "a Socket.IO packet whose namespace is too long";
    case error::id_too_large:
      return "a Socket.IO packet whose ack id is beyond 64 bits";
    case error::ack_without_id:
      return "a Socket.IO acknowledgement without an id";
    case error::data_missing:
      return "a Socket.IO packet without an array of arguments";
    case error::reply_too_large:
      return "an answer to the namespace's CONNECT that is too large";
    case error::reply_not_json:
      return "an answer to the namespace's CONNECT that is not JSON";
    case error::reply_without_sid:
      return "an answer to the namespace's CONNECT without a sid";
    case error::unexpected_binary:
      return "a binary message that no Socket.IO packet announced";
    case error::attachments_missing:
      return "a Socket.IO packet before all attachments of the last one";
    case error::packet_too_large:
      return "a Socket.IO packet that passes the receive limit with its attachments";
  }
  return "an unknown Socket.IO error";
}

}  // namespace roombridge::upstream::socketio
