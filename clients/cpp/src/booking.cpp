// SPDX-License-Identifier: MIT
#include <roombridge/booking.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include <roombridge/proto/printable.hpp>

#include "json_scan.hpp"

namespace roombridge::booking {
namespace {

using parse_result = proto::expected<update, parse_failure>;
using members = std::map<std::string, std::string_view>;

constexpr std::array<std::string_view, 6> type_names{"unknown",   "created",  "confirmed",
                                                     "cancelled", "modified", "completed"};

// Each as it is written; empty when absent.
std::string_view raw(const members& object, const std::string& field) {
  const auto found = object.find(field);
  return found == object.end() ? std::string_view{} : found->second;
}

std::string text_of(const members& object, const std::string& field) {
  const auto value = raw(object, field);
  if (is_json_string(value)) return json_string_text(value);
  const bool is_integer = is_json_number(value) && value.find_first_of(".eE") == std::string_view::npos;
  return is_integer ? std::string{value} : std::string{};
}

std::string time_of(const members& object, const std::string& field) {
  const auto value = raw(object, field);
  return is_json_number(value) ? std::string{value} : text_of(object, field);
}

std::string json_of(const members& object, const std::string& field) {
  return std::string{raw(object, field)};
}

std::optional<double> number_of(const members& object, const std::string& field) {
  const auto value = raw(object, field);
  double number = 0;
  if (!is_json_number(value) || std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc{}) {
    return std::nullopt;
  }
  return number;
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

parse_result read_reservation(const members& from) {
  reservation_update out{.reservation_id = text_of(from, "reservationId"),
                         .status = text_of(from, "status"),
                         .shop_id = text_of(from, "shopId"),
                         .user_id = text_of(from, "userId"),
                         .type = type_of(text_of(from, "updateType")),
                         .type_text = text_of(from, "updateType"),
                         .timestamp = time_of(from, "timestamp"),
                         .data = json_of(from, "data")};
  if (out.reservation_id.empty()) return lacks("reservationId");
  return update{std::move(out)};
}

parse_result read_payment(const members& from) {
  payment_update out{text_of(from, "paymentId"), text_of(from, "reservationId"), text_of(from, "status"),
                     number_of(from, "amount"), time_of(from, "timestamp")};
  if (out.payment_id.empty()) return lacks("paymentId");
  return update{std::move(out)};
}

parse_result read_notification(const members& from) {
  notification out{text_of(from, "id"),   text_of(from, "type"), text_of(from, "title"),
                   text_of(from, "body"), json_of(from, "data"), time_of(from, "timestamp")};
  if (out.id.empty()) return lacks("id");
  return update{std::move(out)};
}

template <class Update>
parse_result read_content(std::string_view argument, const members&) {
  return update{Update{std::string{argument}}};
}

template <parse_result (*read)(const members&)>
parse_result read_fields(std::string_view, const members& from) {
  return read(from);
}

struct reader {
  std::string_view event_name;
  parse_result (*read)(std::string_view argument, const members& fields);
};

constexpr std::array<reader, 7> readers{{
    {reservation_update::event_name, read_fields<read_reservation>},
    {payment_update::event_name, read_fields<read_payment>},
    {notification::event_name, read_fields<read_notification>},
    {admin_notification::event_name, read_content<admin_notification>},
    {settings_update::event_name, read_content<settings_update>},
    {user_activity::event_name, read_content<user_activity>},
    {activity_update::event_name, read_content<activity_update>},
}};

parse_result read_arguments(std::string_view arguments, const reader& how) {
  const auto list = json_elements(arguments);
  if (!list) return parse_failure{"the payload is no JSON array; its text is in arguments"};
  const auto fields = list->empty() ? std::nullopt : json_members(list->front());
  if (!fields) return parse_failure{"the event's first argument is not an object"};
  return how.read(list->front(), *fields);
}

}  // namespace

std::string_view to_string(update_type type) noexcept {
  return type_names[static_cast<std::size_t>(type)];
}

parse_result parse(const event& source) {
  for (const auto& how : readers) {
    if (how.event_name == source.name) return read_arguments(source.arguments, how);
  }
  return parse_failure{"`" + proto::printable(source.name) + "` is no event of the booking profile"};
}

}  // namespace roombridge::booking
