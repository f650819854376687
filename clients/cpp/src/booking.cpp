// SPDX-License-Identifier: MIT
#include <roombridge/booking.hpp>

#include <array>

#include <boost/json.hpp>

namespace roombridge::booking {
namespace {

namespace json = boost::json;
using parse_result = proto::expected<update, parse_failure>;

constexpr std::array<std::string_view, 6> type_names{"unknown",   "created",  "confirmed",
                                                     "cancelled", "modified", "completed"};

std::string text_of(const json::object& object, std::string_view field) {
  const auto* value = object.if_contains(field);
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  if (value->is_int64() || value->is_uint64()) return json::serialize(*value);
  return {};
}

constexpr unsigned char max_depth = 64;

std::optional<json::value> read(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failed;
  auto value = json::parse(text, failed, {}, options);
  if (failed) return std::nullopt;
  return value;
}

// Empty when it cannot be written as JSON: the library reads 1e400 as infinity.
std::string json_of(const json::value& value) {
  auto text = json::serialize(value);
  return read(text) ? text : std::string{};
}

std::string json_of(const json::object& object, std::string_view field) {
  const auto* value = object.if_contains(field);
  return value == nullptr ? std::string{} : json_of(*value);
}

std::optional<double> number_of(const json::object& object, std::string_view field) {
  const auto* value = object.if_contains(field);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

update_type type_of(std::string_view name) {
  for (std::size_t i = 1; i < type_names.size(); ++i) {
    if (type_names[i] == name) return static_cast<update_type>(i);
  }
  return update_type::unknown;
}

parse_result lacks(std::string_view field) {
  return parse_failure{"the event has no `" + std::string{field} + "`"};
}

parse_result read_reservation(const json::object& from) {
  reservation_update out{text_of(from, "reservationId"),
                         text_of(from, "status"),
                         text_of(from, "shopId"),
                         text_of(from, "userId"),
                         type_of(text_of(from, "updateType")),
                         text_of(from, "timestamp"),
                         json_of(from, "data")};
  if (out.reservation_id.empty()) return lacks("reservationId");
  return update{std::move(out)};
}

parse_result read_payment(const json::object& from) {
  payment_update out{text_of(from, "paymentId"), text_of(from, "reservationId"), text_of(from, "status"),
                     number_of(from, "amount"), text_of(from, "timestamp")};
  if (out.payment_id.empty()) return lacks("paymentId");
  return update{std::move(out)};
}

parse_result read_notification(const json::object& from) {
  notification out{text_of(from, "id"),   text_of(from, "type"), text_of(from, "title"),
                   text_of(from, "body"), json_of(from, "data"), text_of(from, "timestamp")};
  if (out.id.empty()) return lacks("id");
  return update{std::move(out)};
}

template <class Update>
parse_result read_content(const json::object& from) {
  return update{Update{json_of(json::value(from))}};
}

struct reader {
  std::string_view event_name;
  parse_result (*read)(const json::object&);
};

constexpr std::array<reader, 7> readers{{
    {reservation_update::event_name, read_reservation},
    {payment_update::event_name, read_payment},
    {notification::event_name, read_notification},
    {admin_notification::event_name, read_content<admin_notification>},
    {settings_update::event_name, read_content<settings_update>},
    {user_activity::event_name, read_content<user_activity>},
    {activity_update::event_name, read_content<activity_update>},
}};

parse_result read_arguments(std::string_view arguments, const reader& how) {
  const auto value = read(arguments);
  if (!value) return parse_failure{"the payload is not JSON that this reader can hold; its text is in arguments"};
  const auto* list = value->if_array();
  const auto* first = list == nullptr || list->empty() ? nullptr : list->front().if_object();
  if (first == nullptr) return parse_failure{"the event's first argument is not an object"};
  return how.read(*first);
}

}  // namespace

std::string_view to_string(update_type type) noexcept {
  return type_names[static_cast<std::size_t>(type)];
}

parse_result parse(const event& source) {
  for (const auto& how : readers) {
    if (how.event_name == source.name) return read_arguments(source.arguments, how);
  }
  return parse_failure{"`" + source.name + "` is no event of the booking profile"};
}

}  // namespace roombridge::booking
