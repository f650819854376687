// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/json_shape.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

TEST(json_shape, has_names_and_types_and_no_value) {
  EXPECT_EQ(json_shape("[]"), "[]");
  EXPECT_EQ(json_shape(R"( [ 1 , -2.5e9 , "x" , true,false,null ] )"), "[number,number,string,boolean,boolean,null]");
  EXPECT_EQ(json_shape(R"([{"reservationId":42,"note":"a \"quote\" \\"},"tail"])"),
            "[{reservationId:number,note:string},string]");
  EXPECT_EQ(json_shape(R"([{"a":[],"b":[1],"c":[{"d":1},"]",{}],"e":{}}])"),
            "[{a:[],b:[number],c:[{d:number},…],e:{}}]");
}

TEST(json_shape, nests_three_levels) {
  EXPECT_EQ(json_shape(R"([{"a":{"b":{"c":{"d":"}"}}}},[[[[1]]]],2])"), "[{a:{b:{c:{…}}}},[[[[…]]]],number]");
}

// Names that may be values: an id, an address, a token.
TEST(json_shape, shows_plain_names_only) {
  EXPECT_EQ(json_shape(R"([{"42":1,"kim@example.com":2,"eyJ.x.y":3,"":4,"예약":5,"a\"b":6,"ok_1-b":7}])"),
            "[{…:number,…:number,…:number,…:number,…:number,…:number,ok_1-b:number}]");
  EXPECT_EQ(json_shape("[{\"" + std::string(32, 'a') + "\":1}]"), "[{" + std::string(32, 'a') + ":number}]");
  EXPECT_EQ(json_shape("[{\"" + std::string(33, 'a') + "\":1}]"), "[{…:number}]");
}

TEST(json_shape, is_bounded) {
  std::string many = "[1";
  for (int i = 0; i < 100'000; ++i) many += ",1";
  const std::string shape = json_shape(many + ']');
  EXPECT_LE(shape.size(), shape_length + 20);
  EXPECT_TRUE(shape.ends_with(",…"));
  EXPECT_EQ(json_shape(std::string(100'000, '[')), "[[[[[?");
}

TEST(json_shape, says_of_no_json_what_comes_before_the_fault) {
  for (const std::string_view text : {"", "x", R"("[1]")"}) EXPECT_EQ(json_shape(text), "?") << text;
  EXPECT_EQ(json_shape("[1"), "[number?");
  EXPECT_EQ(json_shape("[1,secret]"), "[number,?");
  EXPECT_EQ(json_shape(R"([{"a":1,"b" "secret"}])"), "[{a:number?");
  EXPECT_EQ(json_shape(R"(["never ends)"), "[?");
  EXPECT_EQ(json_shape(R"(["ends in \)"), "[?");
  EXPECT_EQ(json_shape(R"([[1,"secret)"), "[[number,?");
}

TEST(shape_of_event, takes_the_name_off) {
  const auto whole = shape_of_event(R"( [ "order" , {"id":1} , 2 ] )");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->name, "order");
  EXPECT_EQ(whole->arguments, "[{id:number},number]");
  EXPECT_EQ(shape_of_event(R"(["a\"b"])")->name, R"(a\"b)");
  EXPECT_EQ(shape_of_event(R"(["x"])")->arguments, "[]");
  EXPECT_EQ(shape_of_event(R"(["x" "secret"])")->arguments, "[?");
  for (const std::string_view text : {"", "[", "[1]", "[]", R"({"a":1})", R"(["x)"}) {
    EXPECT_FALSE(shape_of_event(text)) << text;
  }
}

}  // namespace
}  // namespace roombridge::upstream
