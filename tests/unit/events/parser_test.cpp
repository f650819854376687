// SPDX-License-Identifier: MIT
#include "daemon/events/parser.hpp"

#include <gmock/gmock.h>

#include <string>

#include "daemon/events/topic_template.hpp"

namespace roombridge::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

profile booking() {
  profile p;
  p.rules = {
      {"reservation_update", {"reservation-{reservationId}", "shop-{shopId}"}, {"reservationId", "status", "shopId"}},
      {"settings_update", {}, {}}};
  p.reserved = {"auth_success"};
  return p;
}

class event_parser : public testing::Test {
 protected:
  parse_fault parse(std::string_view data) {
    text_ = std::string(data) + std::string(64, '\0');
    return parser_.parse(std::string_view(text_).substr(0, data.size()), event_);
  }

  parser parser_{booking()};
  std::string text_;
  parsed_event event_;
};

TEST_F(event_parser, reads_name_topics_and_passes_the_arguments_through) {
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":42, "status":"x","shopId":"s7"} , "more"])"),
            parse_fault::none);
  EXPECT_EQ(event_.name, "reservation_update");
  EXPECT_EQ(event_.arguments, R"({"reservationId":42, "status":"x","shopId":"s7"} , "more")");
  EXPECT_THAT(event_.topics, ElementsAre("reservation-42", "shop-s7"));
  EXPECT_EQ(event_.what, disposition::deliver);
  EXPECT_EQ(event_.unexpected, "");
}

TEST_F(event_parser, says_whether_the_rule_has_it_acknowledged) {
  profile some = booking();
  some.rules[0].acknowledge = acknowledge::received;
  parser_.configure(some);
  EXPECT_EQ(parse(R"(["reservation_update"])"), parse_fault::none);
  EXPECT_EQ(event_.acknowledge, acknowledge::received);
  for (const std::string_view other : {R"(["settings_update"])", R"(["unknown"])", R"(["auth_success"])"}) {
    EXPECT_EQ(parse(other), parse_fault::none);
    EXPECT_EQ(event_.acknowledge, acknowledge::never);
  }
}

TEST_F(event_parser, knows_a_repeat_by_the_fields_of_its_key) {
  profile some = booking();
  some.rules[0].repeat_key = {"reservationId", "updateType"};
  some.repeat_window = std::chrono::seconds(5);
  parser_.configure(some);
  std::chrono::steady_clock::time_point now{};
  const auto repeats = [&](std::string_view data) {
    EXPECT_EQ(parse(data), parse_fault::none);
    return !event_.repeat_key.empty() && parser_.repeats(event_.repeat_key, now);
  };
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":"a"}])"));
  EXPECT_TRUE(repeats(R"(["reservation_update",{"more":1,"updateType":"a","reservationId":"42"}])"));
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":4,"updateType":"2a"}])"));
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":"b"}])"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":null}])")) << "no key";
    EXPECT_FALSE(repeats(R"(["settings_update",{"reservationId":42,"updateType":"a"}])")) << "no rule for it";
  }
  now += std::chrono::seconds(5);
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":"a"}])"));
  parser_.forget();
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":"a"}])"));
  some.repeat_window = std::chrono::seconds(0);
  parser_.configure(some);
  EXPECT_FALSE(repeats(R"(["reservation_update",{"reservationId":42,"updateType":"a"}])"));
}

TEST_F(event_parser, names_what_an_event_tells_the_state_of) {
  profile some = booking();
  some.rules[0].retain_key = {"reservationId"};
  parser_.configure(some);
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":42}])"), parse_fault::none);
  EXPECT_EQ(event_.retain_key, "18:reservation_update2:42");
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":"42"}])"), parse_fault::none);
  EXPECT_EQ(event_.retain_key, "18:reservation_update2:42");
  ASSERT_EQ(parse(R"(["reservation_update",{"shopId":42}])"), parse_fault::none);
  EXPECT_EQ(event_.retain_key, "");
  ASSERT_EQ(parse(R"(["settings_update",{"reservationId":42}])"), parse_fault::none);
  EXPECT_EQ(event_.retain_key, "");
}

TEST_F(event_parser, arguments_of_every_legal_shape) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(["zero"])", ""},
      {R"( [ "spaced" ] )", ""},
      {R"(["many",1,"two",{"three":3},null])", R"(1,"two",{"three":3},null)"},
      {R"(["x" , [ ] ])", R"( [ ] )"},
      {R"(["",1])", "1"}};
  for (const auto& [data, arguments] : cases) {
    ASSERT_EQ(parse(data), parse_fault::none) << data;
    EXPECT_EQ(event_.arguments, arguments) << data;
    EXPECT_THAT(event_.topics, IsEmpty());
  }
}

TEST_F(event_parser, a_number_is_a_name) {
  ASSERT_EQ(parse(R"([42 ,"x"])"), parse_fault::none);
  EXPECT_EQ(event_.name, "42");
  EXPECT_EQ(event_.arguments, R"("x")");
}

TEST_F(event_parser, an_escaped_name_is_the_same_name) {
  ASSERT_EQ(parse(R"(["reservation\u005fupdate",{"reservationId":1,"status":1,"shop\u0049d":2}])"), parse_fault::none);
  EXPECT_EQ(event_.name, "reservation_update");
  EXPECT_THAT(event_.topics, ElementsAre("reservation-1", "shop-2"));
}

TEST_F(event_parser, the_last_of_equal_keys_counts) {
  ASSERT_EQ(parse(R"(["reservation_update",{"shopId":1,"reservationId":2,"status":3,"shopId":4}])"), parse_fault::none);
  EXPECT_THAT(event_.topics, ElementsAre("reservation-2", "shop-4"));
}

TEST_F(event_parser, what_strict_parsers_refuse_passes) {
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  const std::string arguments = R"({"reservationId":100000000000000000000000000000,"note":"\ud800","data":)" + deep +
                                R"(,"shopId":"예약","status":true})";
  ASSERT_EQ(parse(R"(["reservation_update",)" + arguments + "]"), parse_fault::none);
  EXPECT_EQ(event_.arguments, arguments);
  EXPECT_THAT(event_.topics, ElementsAre("reservation-100000000000000000000000000000", "shop-예약"));
  EXPECT_EQ(event_.unexpected, "");
}

TEST_F(event_parser, a_boolean_has_a_text) {
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":true,"status":1,"shopId": false }])"), parse_fault::none);
  EXPECT_THAT(event_.topics, ElementsAre("reservation-true", "shop-false"));
}

TEST_F(event_parser, gives_the_fields_by_which_one_may_subscribe) {
  profile some = booking();
  some.rules[0].fields = {"shopId", "updateType", "paid", "late"};
  parser_.configure(some);
  ASSERT_EQ(parse(R"(["reservation_update",{"late":false,"shopId":7, "updateType":"a=b", "paid":true}])"),
            parse_fault::none);
  EXPECT_THAT(event_.fields, ElementsAre("shopId=7", "updateType=a=b", "paid=true", "late=false"));
  ASSERT_EQ(parse(R"(["reservation_update",{"shop\u0049d":"\u0037","updateType":1.50}])"), parse_fault::none);
  EXPECT_THAT(event_.fields, ElementsAre("shopId=7", "updateType=1.50"));
}

TEST_F(event_parser, a_field_without_a_usable_value_is_absent) {
  profile some = booking();
  some.rules[0].fields = {"shopId", "updateType"};
  some.rules[1].fields = {};
  parser_.configure(some);
  for (const char* unusable : {"null", "\"\"", "[7]", "{}", R"("\ud800")"}) {
    ASSERT_EQ(parse(R"(["reservation_update",{"updateType":"x","shopId":)" + std::string(unusable) + "}]"),
              parse_fault::none);
    EXPECT_THAT(event_.fields, ElementsAre("updateType=x")) << unusable;
  }
  for (const char* text : {R"(["reservation_update"])", R"(["reservation_update","shopId"])",
                           R"(["settings_update",{"shopId":7}])", R"(["unknown",{"shopId":7}])"}) {
    ASSERT_EQ(parse(text), parse_fault::none);
    EXPECT_THAT(event_.fields, IsEmpty()) << text;
  }
}

TEST_F(event_parser, a_field_is_no_longer_than_a_pattern_can_be) {
  profile some = booking();
  some.rules[0].fields = {"shopId"};
  parser_.configure(some);
  const std::string longest(max_topic_size - std::string_view("shopId=").size(), 'x');
  ASSERT_EQ(parse(R"(["reservation_update",{"shopId":")" + longest + R"("}])"), parse_fault::none);
  EXPECT_THAT(event_.fields, ElementsAre("shopId=" + longest));
  ASSERT_EQ(parse(R"(["reservation_update",{"shopId":")" + longest + R"(x"}])"), parse_fault::none);
  EXPECT_THAT(event_.fields, IsEmpty());
}

TEST_F(event_parser, what_the_profile_expects_and_misses_is_named_and_delivered) {
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":42,"shopId":"7"}])"), parse_fault::none);
  EXPECT_EQ(event_.unexpected, "status");
  EXPECT_THAT(event_.topics, ElementsAre("reservation-42", "shop-7"));
  for (const char* odd : {R"(["reservation_update"])", R"(["reservation_update",null])",
                          R"(["reservation_update",[1]])", R"(["reservation_update","x",{}])"}) {
    ASSERT_EQ(parse(odd), parse_fault::none) << odd;
    EXPECT_EQ(event_.unexpected, "reservationId") << odd;
    EXPECT_EQ(event_.what, disposition::deliver) << odd;
    EXPECT_THAT(event_.topics, IsEmpty()) << odd;
  }
}

TEST_F(event_parser, a_field_that_is_no_scalar_makes_no_topic) {
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":{"id":1},"shopId":"\ud800","status":null}])"),
            parse_fault::none);
  EXPECT_THAT(event_.topics, IsEmpty());
  EXPECT_EQ(event_.unexpected, "status");
}

TEST_F(event_parser, nothing_of_the_event_before_is_left) {
  ASSERT_EQ(parse(R"(["reservation_update",{"reservationId":1,"shopId":2,"status":3}])"), parse_fault::none);
  ASSERT_EQ(parse(R"(["reservation_update",{"status":3}])"), parse_fault::none);
  EXPECT_THAT(event_.topics, IsEmpty());
  EXPECT_EQ(event_.unexpected, "reservationId");
}

TEST_F(event_parser, reserved_and_unknown_names) {
  ASSERT_EQ(parse(R"(["auth_success",{"userId":1}])"), parse_fault::none);
  EXPECT_EQ(event_.what, disposition::reserved);
  EXPECT_EQ(event_.arguments, R"({"userId":1})");
  ASSERT_EQ(parse(R"(["other"])"), parse_fault::none);
  EXPECT_EQ(event_.what, disposition::deliver);
  profile strict = booking();
  strict.deliver_unknown = false;
  parser_.configure(strict);
  ASSERT_EQ(parse(R"(["other"])"), parse_fault::none);
  EXPECT_EQ(event_.what, disposition::unwanted);
  EXPECT_TRUE(parser_.is_reserved("auth_success"));
  EXPECT_FALSE(parser_.is_reserved("other"));
}

TEST_F(event_parser, faults_are_named) {
  EXPECT_EQ(parse(R"(["x",{"a":[{]}])"), parse_fault::syntax);
  EXPECT_EQ(parse(R"(["x")"), parse_fault::syntax);
  EXPECT_EQ(parse(""), parse_fault::syntax);
  for (const char* text : {"[]", "{}", "42", R"("x")", "[null]", "[[]]", "[true,1]", R"(["\ud800"])"})
    EXPECT_EQ(parse(text), parse_fault::not_an_event) << text;
  EXPECT_EQ(parse("[\"x\"," + std::string(5000, '[') + std::string(5000, ']') + "]"), parse_fault::too_deep);
  EXPECT_EQ(parse("[\"" + std::string(max_name_size, 'n') + "\"]"), parse_fault::none);
  EXPECT_EQ(parse("[\"" + std::string(max_name_size + 1, 'n') + "\"]"), parse_fault::not_an_event);
}

TEST_F(event_parser, every_prefix_of_an_event_is_a_fault) {
  const std::string text = R"(["reservation_update",{"reservationId":42,"status":"x","shopId":"s7"},"\u0041",1.5e3])";
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(parse(text.substr(0, size)), parse_fault::syntax) << size;
}

}  // namespace
}  // namespace roombridge::events
