// SPDX-License-Identifier: MIT
// The server's answers to CONNECT: the only JSON of Socket.IO that this layer parses.
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream::socketio {
namespace {

namespace json = boost::json;

result<json::value> parse(std::string_view data) {
  if (data.size() > reply_limit) return error::reply_too_large;
  boost::system::error_code failed;
  json::value value = json::parse(data, failed);
  if (failed) return error::reply_not_json;
  return value;
}

std::optional<std::string> text_field(const json::value& value, std::string_view name) {
  const json::object* fields = value.if_object();
  const json::value* field = fields != nullptr ? fields->if_contains(name) : nullptr;
  if (field == nullptr || !field->is_string()) return std::nullopt;
  return std::string{std::string_view{field->get_string()}};
}

// The reference client takes any; what it is, nobody needs here.
bool has_sid(const json::value& reply) {
  const json::object* fields = reply.if_object();
  const json::value* sid = fields != nullptr ? fields->if_contains("sid") : nullptr;
  return sid != nullptr && ((sid->is_string() && !sid->get_string().empty()) || sid->is_number());
}

// Boost.JSON reads 1e999 as infinity and 0e400 as no number, and would write them as words that are no JSON.
json::value with_plain_numbers(json::value from) {
  if (auto* number = from.if_double(); number != nullptr && !std::isfinite(*number)) return nullptr;
  if (auto* list = from.if_array()) {
    for (json::value& each : *list) each = with_plain_numbers(std::move(each));
  } else if (auto* fields = from.if_object()) {
    for (auto& field : *fields) field.value() = with_plain_numbers(std::move(field.value()));
  }
  return from;
}

}  // namespace

result<connect_reply> parse_connect_reply(std::string_view data) {
  if (data.empty()) return error::reply_without_sid;
  const auto value = parse(data);
  if (!value) return value.error();
  if (!has_sid(*value)) return error::reply_without_sid;
  return connect_reply{text_field(*value, "pid")};
}

result<refusal> parse_refusal(std::string_view data) {
  if (data.empty()) return refusal{};
  const auto value = parse(data);
  if (!value) return value.error();
  refusal out;
  if (value->is_string()) {
    out.message = std::string_view{value->get_string()};
  } else if (auto message = text_field(*value, "message")) {
    out.message = std::move(*message);
  }
  const json::object* fields = value->if_object();
  if (const json::value* details = fields != nullptr ? fields->if_contains("data") : nullptr) {
    out.data = json::serialize(with_plain_numbers(*details));
  }
  return out;
}

}  // namespace roombridge::upstream::socketio
