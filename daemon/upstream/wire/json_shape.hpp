// SPDX-License-Identifier: MIT
// The shape of JSON, for people who must not see its values: names and types, as in
// "[{reservationId:number,data:{note:string}}]". Pure. It takes any bytes, and says of no JSON only what comes before
// the fault.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace roombridge::upstream {

// At most about so many bytes: what is longer ends in "…".
inline constexpr std::size_t shape_length = 300;

// The shape of an array's elements, in brackets; nested deeper than three levels, and behind the first element of a
// nested array, "…" stands for all. So it does for a name that is not a plain one (at most 32 letters, digits, '_' and
// '-', not a digit first): some servers have values for names.
[[nodiscard]] std::string json_shape(std::string_view array);

// The array of an event: its first element, a string, as it is written (without its quotes), and the shape of the
// others. Nothing: it does not begin so.
struct event_shape {
  std::string_view name;
  std::string arguments;
};
[[nodiscard]] std::optional<event_shape> shape_of_event(std::string_view array);

}  // namespace roombridge::upstream
