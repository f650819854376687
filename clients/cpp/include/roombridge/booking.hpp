// SPDX-License-Identifier: MIT
// The booking backend's events as typed structs. Reading is tolerant: ids may be strings or numbers, what is absent or
// of another type stays empty, unknown fields are ignored. Nothing that a server sends is an exception: an event
// without its object or without its own id is a parse_failure, to be handled or passed over like any other value, and
// event::arguments is still there.
//
// What servers legally send is read: numbers of any length, any nesting. Half of a surrogate pair, which has no UTF-8,
// is U+FFFD in a text (and as it was in `data` and `content`, which are the server's bytes).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <roombridge/messages.hpp>

namespace roombridge::booking {

enum class update_type { unknown, created, confirmed, cancelled, modified, completed };
[[nodiscard]] std::string_view to_string(update_type type) noexcept;

// Ids are the text that topics hold: 42 and "42" both become "42". Timestamps are as the server wrote them, a number as
// its digits.
struct reservation_update {
  static constexpr std::string_view event_name = "reservation_update";
  std::string reservation_id;
  std::string status;
  std::string shop_id;
  std::string user_id;
  update_type type = update_type::unknown;
  std::string type_text;  // the server's word for it, also where `type` is unknown
  std::string timestamp;
  std::string data;  // JSON; empty when absent
};

struct payment_update {
  static constexpr std::string_view event_name = "payment_update";
  std::string payment_id;
  std::string reservation_id;
  std::string status;
  std::optional<double> amount;
  std::string timestamp;
};

struct notification {
  static constexpr std::string_view event_name = "notification";
  std::string id;
  std::string type;
  std::string title;
  std::string body;
  std::string data;  // JSON; empty when absent
  std::string timestamp;
};

// The backend promises no fields for these; `content` is the first argument's JSON.
struct admin_notification {
  static constexpr std::string_view event_name = "admin_notification";
  std::string content;
};
struct settings_update {
  static constexpr std::string_view event_name = "settings_update";
  std::string content;
};
struct user_activity {
  static constexpr std::string_view event_name = "user_activity";
  std::string content;
};
struct activity_update {
  static constexpr std::string_view event_name = "activity_update";
  std::string content;
};

using update = std::variant<reservation_update, payment_update, notification, admin_notification, settings_update,
                            user_activity, activity_update>;

struct parse_failure {
  std::string text;
};

// Reads an event by its name. An event of another name is a failure, too.
[[nodiscard]] proto::expected<update, parse_failure> parse(const event& source);

}  // namespace roombridge::booking
