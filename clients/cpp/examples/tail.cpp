// SPDX-License-Identifier: MIT
// Prints every booking update of one shop: roombridge_example_tail [TOPIC]
#include <iostream>
#include <string>

#include <roombridge/booking.hpp>
#include <roombridge/client.hpp>

namespace {

void print(const roombridge::event& event) {
  const auto update = roombridge::booking::parse(event);
  if (!update) {
    std::cout << event.name << ' ' << event.arguments << std::endl;
  } else if (const auto* booking = std::get_if<roombridge::booking::reservation_update>(&*update)) {
    std::cout << "reservation " << booking->reservation_id << ": " << to_string(booking->type) << std::endl;
  } else {
    std::cout << event.name << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  roombridge::client client{{.name = "example tail"}};
  roombridge::filter wanted;
  if (argc > 1) wanted.topics = {argv[1]};
  if (const auto made = client.subscribe(wanted); !made) {
    std::cerr << made.error().text << '\n';
    return 1;
  }
  while (const auto message = client.next()) {
    if (const auto* event = std::get_if<roombridge::event>(&*message)) print(*event);
    if (const auto* gap = std::get_if<roombridge::gap>(&*message))
      std::cout << "missed some: " << gap->reason << std::endl;
    if (const auto* error = std::get_if<roombridge::protocol_error>(&*message)) std::cerr << error->info.text << '\n';
    if (const auto* end = std::get_if<roombridge::closed>(&*message)) std::cerr << end->why.text << '\n';
  }
  return 1;  // why, the last `closed` has said
}
