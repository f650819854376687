// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/offset.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roombridge::upstream {
namespace {

TEST(offset, is_the_last_argument_when_that_is_a_short_plain_string) {
  EXPECT_EQ(trailing_token(R"(["e","Pf3xK2a"])"), "Pf3xK2a");
  EXPECT_EQ(trailing_token("[\"e\" , {\"a\":1} ,\n \"Pf3xK2a.1\" ] "), "Pf3xK2a.1");
  EXPECT_EQ(before_token(R"(["e",{"a":1},"Pf3xK2a"])"), R"(["e",{"a":1})");
  EXPECT_EQ(before_token("[\"e\" , 1 ,\n \"Pf3xK2a\" ] "), "[\"e\" , 1 ");
}

TEST(offset, is_never_a_part_of_something_else) {
  for (const char* data :
       {R"(["Pf3xK2a"])", R"(["e",["Pf3xK2a"]])", R"(["e",{"a":"Pf3xK2a"}])", R"(["e",1])", R"(["e"])",
        R"(["e","x,\"Pf3xK2a"])", R"(["e","x, \"Pf3xK2a"])", R"(["e",""])", R"(["e","two words"])", R"(["e","x\"])", "",
        "[", "]", "\"]", "[\"", "[\"\"]", R"(,"a)", R"("a"])"}) {
    EXPECT_EQ(trailing_token(data), "") << data;
  }
  EXPECT_EQ(trailing_token("[\"e\",\"" + std::string(offset_limit + 1, 'a') + "\"]"), "");
}

TEST(offset, has_the_shape_of_the_adapter_that_made_it) {
  EXPECT_EQ(shape_of("Pf3xK2a"), offset_shape::yeast);
  EXPECT_EQ(shape_of("Pf3x-_a.1z"), offset_shape::yeast);
  EXPECT_EQ(shape_of("1700000000000-0"), offset_shape::stream);
  EXPECT_EQ(shape_of("65f0c0ffee65f0c0ffee0123"), offset_shape::object);
  EXPECT_EQ(shape_of("hello"), offset_shape::opaque);
  EXPECT_EQ(shape_of("Pf3xK2a."), offset_shape::opaque);
  EXPECT_EQ(shape_of("a b"), offset_shape::unseen);
  EXPECT_EQ(shape_of(""), offset_shape::unseen);
}

}  // namespace
}  // namespace roombridge::upstream
