// SPDX-License-Identifier: MIT
// From the text of a Socket.IO event, `["name",args…]`, to its name, its arguments' text, its topics and the fields by
// which one may subscribe. The text's grammar is checked whole; then only the name and the fields that the profile
// needs are read; the rest passes through as the bytes that came.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/events/profile.hpp"

namespace roombridge::events {

// An event's name may be this long, in bytes of UTF-8.
inline constexpr std::size_t max_name_size = 256;

enum class parse_fault {
  none,
  syntax,       // not JSON
  too_deep,     // nested deeper than max_json_depth
  not_an_event  // not an array that begins with a usable name (a string of valid Unicode up to max_name_size bytes, or
                // a number)
};
[[nodiscard]] std::string_view to_string(parse_fault fault);

enum class disposition {
  deliver,
  reserved,  // a name of authentication, rooms or Socket.IO itself: for the session, not for subscribers
  unwanted   // no rule, and the profile drops such events
};

// Views live until the parser's next parse(), or as long as the text that was given.
struct parsed_event {
  std::string_view name;
  std::string_view arguments;  // between the brackets of the arguments' array
  std::span<const std::string_view> topics;
  std::span<const std::string_view>
      fields{};                   // `name=value` of each that the rule declares and that has a usable value
  std::string_view repeat_key{};  // the same for every repeat of this event; empty: no repeat of it is looked for
  std::string_view retain_key{};  // the same for all events that tell one thing's state; empty: it tells none
  disposition what = disposition::deliver;
  events::acknowledge acknowledge = acknowledge::never;
  std::string_view
      unexpected;  // the first field that the profile expects and that is missing or unusable; empty: all as expected
};

class parser {
 public:
  explicit parser(const profile& initial);
  ~parser();
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;

  // Replaces the profile from the next event on.
  void configure(const profile& changed);

  // At least 64 bytes behind `data` must be readable. `out` is only meaningful when none is returned.
  [[nodiscard]] parse_fault parse(std::string_view data, parsed_event& out);

  // Whether an event of this repeat_key, which is not empty, came within the profile's repeat_window before `now`; once
  // for each. `now` never goes back.
  [[nodiscard]] bool repeats(std::string_view repeat_key, std::chrono::steady_clock::time_point now);
  // What comes from now on is no repeat of what came before, of which nothing is in the parser's memory any more.
  void forget();

  [[nodiscard]] bool is_reserved(std::string_view name) const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace roombridge::events
