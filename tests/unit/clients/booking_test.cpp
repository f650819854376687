// SPDX-License-Identifier: MIT
#include <roombridge/booking.hpp>

#include <gtest/gtest.h>

namespace roombridge::booking {
namespace {

event made(std::string name, std::string arguments) {
  event out;
  out.name = std::move(name);
  out.arguments = std::move(arguments);
  return out;
}

TEST(booking, reads_a_reservation) {
  const auto got =
      parse(made("reservation_update",
                 R"([{"reservationId":42,"status":"confirmed","shopId":"7","userId":3,"updateType":"confirmed",)"
                 R"("timestamp":"2026-01-02T03:04:05Z","data":{"note":"창가"},"more":[1]}])"));
  ASSERT_TRUE(got) << got.error().text;
  const auto& one = std::get<reservation_update>(*got);
  EXPECT_EQ(one.reservation_id, "42");
  EXPECT_EQ(one.status, "confirmed");
  EXPECT_EQ(one.shop_id, "7");
  EXPECT_EQ(one.user_id, "3");
  EXPECT_EQ(one.type, update_type::confirmed);
  EXPECT_EQ(one.timestamp, "2026-01-02T03:04:05Z");
  EXPECT_EQ(one.data, R"({"note":"창가"})");
}

TEST(booking, knows_every_update_type) {
  for (const auto type : {update_type::created, update_type::confirmed, update_type::cancelled, update_type::modified,
                          update_type::completed, update_type::unknown}) {
    const auto got = parse(
        made("reservation_update", R"([{"reservationId":1,"updateType":")" + std::string{to_string(type)} + "\"}]"));
    ASSERT_TRUE(got);
    EXPECT_EQ(std::get<reservation_update>(*got).type, type);
  }
}

TEST(booking, reads_a_payment) {
  const auto got = parse(
      made("payment_update",
           R"([{"paymentId":"p1","reservationId":42,"status":"paid","amount":12000.5,"timestamp":1764000000000}])"));
  ASSERT_TRUE(got) << got.error().text;
  const auto& one = std::get<payment_update>(*got);
  EXPECT_EQ(one.payment_id, "p1");
  EXPECT_EQ(one.reservation_id, "42");
  EXPECT_EQ(one.amount, 12000.5);
  EXPECT_EQ(one.timestamp, "1764000000000");
}

TEST(booking, reads_a_notification) {
  const auto got =
      parse(made("notification", R"([{"id":5,"type":"info","title":"예약 알림","body":"b","timestamp":"t"}])"));
  ASSERT_TRUE(got) << got.error().text;
  const auto& one = std::get<notification>(*got);
  EXPECT_EQ(one.id, "5");
  EXPECT_EQ(one.title, "예약 알림");
  EXPECT_EQ(one.data, "");
}

TEST(booking, passes_the_shapeless_events_on) {
  EXPECT_EQ(std::get<admin_notification>(*parse(made("admin_notification", R"([{"a":1}])"))).content, R"({"a":1})");
  EXPECT_EQ(std::get<settings_update>(*parse(made("settings_update", R"([{}])"))).content, "{}");
  EXPECT_EQ(std::get<user_activity>(*parse(made("user_activity", R"([{"a":[]}])"))).content, R"({"a":[]})");
  EXPECT_EQ(std::get<activity_update>(*parse(made("activity_update", R"([{"a":null}])"))).content, R"({"a":null})");
}

TEST(booking, leaves_what_is_missing_or_of_another_type_empty) {
  const auto got = parse(
      made("reservation_update", R"([{"reservationId":1,"status":7.5,"shopId":null,"userId":[],"updateType":{}}, 2])"));
  ASSERT_TRUE(got);
  const auto& one = std::get<reservation_update>(*got);
  EXPECT_EQ(one.status + one.shop_id + one.user_id + one.timestamp + one.data, "");
  EXPECT_EQ(one.type, update_type::unknown);
  EXPECT_FALSE(std::get<payment_update>(*parse(made("payment_update", R"([{"paymentId":1,"amount":"1"}])"))).amount);
}

TEST(booking, says_what_it_cannot_read) {
  for (const auto* arguments : {"[]", "[1]", "[[]]", "[{}]", R"([{"reservationId":null}])", "", "not json", "{}"}) {
    EXPECT_FALSE(parse(made("reservation_update", arguments))) << arguments;
  }
  EXPECT_FALSE(parse(made("payment_update", "[{}]")));
  EXPECT_FALSE(parse(made("notification", "[{}]")));
  EXPECT_FALSE(parse(made("lunch", "[{}]")));
}

TEST(booking, survives_what_servers_legally_send) {
  const auto nested = [](std::size_t levels) {
    return made("settings_update", R"([{"a":)" + std::string(levels - 2, '[') + std::string(levels - 2, ']') + "}]");
  };
  EXPECT_TRUE(parse(nested(64)));
  EXPECT_FALSE(parse(nested(65)));
  const std::string deep = std::string(4000, '[') + std::string(4000, ']');
  EXPECT_FALSE(parse(made("reservation_update", R"([{"reservationId":1,"status":"\ud800"}])")));
  EXPECT_FALSE(parse(made("reservation_update", R"([{"reservationId":1,"data":)" + deep + "}]")));
  const auto got =
      parse(made("reservation_update",
                 R"([{"reservationId":123456789012345678901234567890,"x":1e400,"shopId":18446744073709551615}])"));
  const auto infinite = parse(made("reservation_update", R"([{"reservationId":1,"data":{"x":1e400}}])"));
  ASSERT_TRUE(infinite);
  EXPECT_EQ(std::get<reservation_update>(*infinite).data, "");
  if (got) {
    EXPECT_EQ(std::get<reservation_update>(*got).shop_id, "18446744073709551615");
  }
}

}  // namespace
}  // namespace roombridge::booking
