// SPDX-License-Identifier: MIT
// What a room is called. A server keeps the room 42 and the room "42" apart. Pure.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace roombridge::upstream {

struct room_name {
  std::string text;
  bool number = false;  // `text` is the number as JSON writes it; no local program can ask for such a room

  room_name() = default;
  room_name(std::string of) : text(std::move(of)) {}
  room_name(std::string_view of) : text(of) {}
  room_name(const char* of) : text(of) {}
  static room_name of_number(std::string json) {
    room_name out(std::move(json));
    out.number = true;
    return out;
  }

  auto operator<=>(const room_name&) const = default;
};

}  // namespace roombridge::upstream
