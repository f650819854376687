// SPDX-License-Identifier: MIT
#include "tests/bench/event_pool.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

namespace bench {
namespace {

constexpr std::string_view payload_begin = R"([{"t":")";
static_assert(payload_begin.size() == stamp_offset);

std::string payload_of(std::string_view reservation, std::size_t size) {
  std::string out = std::string(payload_begin) + std::string(stamp_size, '0') + R"(","reservationId":")";
  out.append(reservation);
  out += R"(","shopId":"s-42","status":"confirmed","userId":"u-77","updateType":"confirmed","timestamp":1764000000000,)"
         R"("data":{"note":")";
  constexpr std::string_view tail = R"("}}])";
  if (out.size() + tail.size() > size) {
    std::fprintf(stderr, "load: a payload has at least %zu bytes\n", out.size() + tail.size());
    std::exit(2);
  }
  out.append(size - out.size() - tail.size(), 'x');
  return out.append(tail);
}

}  // namespace

event_pool::event_pool(const wire& as, std::size_t payload_size, std::size_t reservations) {
  std::vector<std::size_t> order(std::max<std::size_t>(reservations, 1));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 shuffling(1);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[shuffling() % i]);
  for (const std::size_t number : order) {
    const std::string id = reservation_id(number);
    events_.push_back(as.publication(reservations == 0 ? std::string_view{} : id, payload_of(id, payload_size)));
  }
  // Without its bracket, which is not everywhere.
  stamp_position_ = events_.front().find(payload_begin.substr(1)) + payload_begin.size() - 1;
}

void event_pool::stamp(std::string& event, unsigned long long nanoseconds) const {
  char digits[stamp_size + 1];
  std::snprintf(digits, sizeof digits, "%020llu", nanoseconds);
  event.replace(stamp_position_, stamp_size, digits);
}

std::string reservation_id(std::size_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "r-%07zu", number % 10'000'000);
  return text;
}

}  // namespace bench
