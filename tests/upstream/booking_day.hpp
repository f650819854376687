// SPDX-License-Identifier: MIT
// A booking day for the demo: reservations of a few shops are created, confirmed, modified, cancelled and completed,
// with the payments and notifications that go with them. Pure: the same seed and times give the same day, on every
// machine.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace test_upstream {

// One event for the clients that are in any of `rooms`. `arguments` is a JSON array.
struct happening {
  std::string event;
  std::string arguments;
  std::vector<std::string> rooms;
};

class booking_day {
 public:
  // `shops`: the ids of the shops, at least one; `owner`: the user id who gets the shops' notifications.
  booking_day(std::uint64_t seed, std::vector<std::string> shops, std::string owner);

  // What happens next; `timestamp` is put into the event as it is.
  [[nodiscard]] happening next(std::string_view timestamp);

 private:
  struct booking {
    unsigned number;
    std::string shop;
    unsigned customer;  // index into the tables of booking_day.cpp, as is `service`
    unsigned service;
    unsigned hour;
    bool confirmed = false;
  };
  // An event without its timestamp: `fields` is a JSON object less its closing brace.
  struct draft {
    std::string event;
    std::string fields;
    std::vector<std::string> rooms;
  };

  unsigned draw(std::size_t below);
  void create();
  void progress(std::size_t index);
  void update(const booking& of, std::string_view status, std::string_view update_type);
  void pay(const booking& of, std::string_view status);
  void notify(std::string_view type, std::string_view title, const std::string& body);
  void alert(const booking& of);
  std::string notice(std::string_view type, std::string_view title, std::string_view body);

  std::mt19937_64 random_;
  std::vector<std::string> shops_;
  std::string owner_;
  unsigned last_number_ = 1000;
  unsigned last_notice_ = 0;
  std::vector<booking> open_;
  std::deque<draft> pending_;
};

}  // namespace test_upstream
