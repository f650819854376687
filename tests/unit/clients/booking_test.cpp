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

TEST(booking, keeps_the_word_for_an_update_type_that_it_does_not_know) {
  const auto got = parse(made("reservation_update", R"([{"reservationId":1,"updateType":"no_show"}])"));
  ASSERT_TRUE(got);
  EXPECT_EQ(std::get<reservation_update>(*got).type, update_type::unknown);
  EXPECT_EQ(std::get<reservation_update>(*got).type_text, "no_show");
}

reservation_update read(std::string arguments) {
  const auto got = parse(made("reservation_update", std::move(arguments)));
  EXPECT_TRUE(got) << got.error().text;
  return got ? std::get<reservation_update>(*got) : reservation_update{};
}

TEST(booking, reads_numbers_of_any_length) {
  const auto one =
      read(R"([{"reservationId":123456789012345678901234567890,"shopId":18446744073709551616,"data":{"x":1e400}}])");
  EXPECT_EQ(one.reservation_id, "123456789012345678901234567890");
  EXPECT_EQ(one.shop_id, "18446744073709551616");
  EXPECT_EQ(one.data, R"({"x":1e400})");
  const auto paid = parse(made("payment_update", R"([{"paymentId":1,"amount":1e400,"timestamp":1.5e3}])"));
  ASSERT_TRUE(paid);
  EXPECT_FALSE(std::get<payment_update>(*paid).amount);
  EXPECT_EQ(std::get<payment_update>(*paid).timestamp, "1.5e3");
}

TEST(booking, reads_halves_of_surrogate_pairs_and_whole_ones) {
  EXPECT_EQ(read(R"([{"reservationId":1,"status":"a\ud83d\ude00b"}])").status,
            "a\xf0\x9f\x98\x80"
            "b");
  EXPECT_EQ(read(R"([{"reservationId":1,"status":"\ud800"}])").status, "\xef\xbf\xbd");
  EXPECT_EQ(read(R"([{"reservationId":1,"status":"\udc00\ud800\u00e9x"}])").status,
            "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9x");
  EXPECT_EQ(read(R"([{"reservationId":1,"data":"\ud800"}])").data, R"("\ud800")");
  EXPECT_EQ(read(R"([{"\u0072eservationId":"\"\\\/\b\f\n\r\t"}])").reservation_id, "\"\\/\b\f\n\r\t");
}

TEST(booking, reads_what_is_nested_as_deep_as_the_protocol_lets_it_be) {
  const std::string deep = std::string(4094, '[') + std::string(4094, ']');
  EXPECT_EQ(read(R"([{"reservationId":1,"data":)" + deep + "}]").data, deep);
}

TEST(booking, of_a_repeated_field_the_last_counts_and_white_space_does_not) {
  EXPECT_EQ(read("\n[ { \"reservationId\" : 1 , \"reservationId\" :\t2 } , null ]\r").reservation_id, "2");
}

TEST(booking, what_is_no_json_is_a_value_too) {
  for (const auto* broken :
       {R"([{"reservationId":1)", R"([{"reservationId":01}])", R"([{"reservationId":1,}])", R"([{reservationId:1}])",
        R"([{"reservationId":1}] x)", R"([{"reservationId":"\x"}])", R"([{"reservationId":"\u12"}])",
        R"([{"reservationId":1.}])", R"([{"reservationId":-}])", R"([{"reservationId":1e}])", R"([{"a":[1}]}])",
        R"([{"reservationId":tru}])", "[{\"reservationId\":\"\n\"}]", R"([{"reservationId")", "[{", "[", "\"", "\\"}) {
    EXPECT_FALSE(parse(made("reservation_update", broken))) << broken;
  }
}

// Every beginning of a text is another text that a careless reader might run past.
TEST(booking, reads_no_further_than_the_text) {
  const std::string whole = R"([{"reservationId":-1.5e+3,"a":["\ud83d\ude00",{},[],true,null]}])";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);  // of a buffer of its own, for sanitizers
    EXPECT_FALSE(parse(made("reservation_update", part))) << part;
  }
}

}  // namespace
}  // namespace roombridge::booking
