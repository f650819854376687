// SPDX-License-Identifier: MIT
#include "tests/upstream/booking_day.hpp"

#include <set>
#include <string>

#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace test_upstream {
namespace {

using testing::Contains;
using testing::IsSupersetOf;

constexpr int day_length = 400;

booking_day day_of(std::uint64_t seed) {
  return {seed, {"7", "12"}, "42"};
}

std::set<std::string> fields_of(const happening& what) {
  const auto arguments = boost::json::parse(what.arguments);
  std::set<std::string> names;
  for (const auto& [name, value] : arguments.at(0).as_object()) names.insert(name);
  return names;
}

TEST(booking_day, is_the_same_for_the_same_seed) {
  auto first = day_of(5);
  auto second = day_of(5);
  auto other = day_of(6);
  int differences = 0;
  for (int count = 0; count < day_length; ++count) {
    const auto what = first.next("now");
    EXPECT_EQ(what.arguments, second.next("now").arguments);
    differences += what.arguments != other.next("now").arguments;
  }
  EXPECT_GT(differences, 0);
}

// The contract of the default profile: what the daemon would mark as unexpected must not come from here.
TEST(booking_day, keeps_the_contract) {
  auto day = day_of(1);
  for (int count = 0; count < day_length; ++count) {
    const auto what = day.next("2025-03-01T10:00:00.000Z");
    EXPECT_THAT(fields_of(what), Contains("timestamp"));
    EXPECT_FALSE(what.rooms.empty());
    if (what.event == "reservation_update") {
      EXPECT_THAT(fields_of(what), IsSupersetOf({"reservationId", "status", "shopId", "userId", "updateType"}));
    } else if (what.event == "payment_update") {
      EXPECT_THAT(fields_of(what), IsSupersetOf({"paymentId", "reservationId", "status", "amount"}));
    } else {
      EXPECT_TRUE(what.event == "notification" || what.event == "admin_notification");
      EXPECT_THAT(fields_of(what), IsSupersetOf({"id", "type", "title", "body"}));
    }
  }
}

TEST(booking_day, every_kind_of_update_happens_in_both_shops) {
  auto day = day_of(1);
  std::set<std::pair<std::string, std::string>> seen;
  for (int count = 0; count < day_length; ++count) {
    const auto what = day.next("now");
    if (what.event != "reservation_update") continue;
    const auto update = boost::json::parse(what.arguments).at(0);
    seen.emplace(update.at("shopId").as_string(), update.at("updateType").as_string());
  }
  EXPECT_EQ(seen.size(), 2u * 5u);
}

}  // namespace
}  // namespace test_upstream
