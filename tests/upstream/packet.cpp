// SPDX-License-Identifier: MIT
#include "tests/upstream/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace test_upstream {
namespace {

constexpr std::size_t max_attachments = 10;
constexpr std::array<std::string_view, 6> reserved_names{"connect",       "connect_error", "disconnect",
                                                         "disconnecting", "newListener",   "removeListener"};

// Takes a decimal number off the front of `text`; nothing when there is none or it does not fit.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool starts_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

bool take_attachment_count(std::string_view& text, packet& into) {
  const auto count = take_number(text);
  if (!count || *count > max_attachments || text.empty() || text.front() != '-') return false;
  text.remove_prefix(1);
  into.attachments_expected = static_cast<std::size_t>(*count);
  return true;
}

void take_namespace(std::string_view& text, packet& into) {
  if (text.empty() || text.front() != '/') return;
  const auto comma = text.find(',');
  into.nsp = text.substr(0, comma);
  text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
}

bool is_event_data(const boost::json::value& data) {
  const auto* items = data.if_array();
  if (items == nullptr || items->empty()) return false;
  if (items->front().is_number()) return true;
  const auto* name = items->front().if_string();
  return name != nullptr && std::ranges::find(reserved_names, std::string_view{*name}) == reserved_names.end();
}

bool is_legal(const packet& what, bool has_data) {
  switch (what.type) {
    case packet_type::connect:
      return !has_data || what.data.is_object();
    case packet_type::disconnect:
      return !has_data;
    case packet_type::event:
    case packet_type::binary_event:
      return is_event_data(what.data);
    case packet_type::ack:
    case packet_type::binary_ack:
      return what.id && what.data.is_array();
    case packet_type::connect_error:
      return false;
  }
  return false;
}

}  // namespace

std::string packet::event_name() const {
  const auto& name = data.get_array().front();
  if (const auto* text = name.if_string()) return {text->data(), text->size()};
  return boost::json::serialize(name);
}

std::string packet::field(std::string_view name) const {
  const auto& items = data.get_array();
  const auto* object = items.size() > 1 ? items[1].if_object() : nullptr;
  const auto* value = object != nullptr ? object->if_contains({name.data(), name.size()}) : nullptr;
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  return value->is_int64() || value->is_uint64() ? boost::json::serialize(*value) : std::string{};
}

std::string packet::arguments() const {
  const auto& items = data.get_array();
  return boost::json::serialize(is_event() ? boost::json::array(items.begin() + 1, items.end()) : items);
}

std::optional<packet> parse_packet(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '6') return std::nullopt;
  packet result;
  result.type = static_cast<packet_type>(text.front() - '0');
  text.remove_prefix(1);
  const bool binary = result.type == packet_type::binary_event || result.type == packet_type::binary_ack;
  if (binary && !take_attachment_count(text, result)) return std::nullopt;
  take_namespace(text, result);
  if (starts_with_digit(text)) {
    result.id = take_number(text);
    if (!result.id) return std::nullopt;
  }
  const bool has_data = !text.empty();
  if (has_data) {
    boost::system::error_code error;
    result.data = boost::json::parse(boost::json::string_view{text.data(), text.size()}, error);
    if (error) return std::nullopt;
  }
  if (!is_legal(result, has_data)) return std::nullopt;
  return result;
}

}  // namespace test_upstream
