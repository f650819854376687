// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/json_text.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

TEST(is_event_named, compares_the_first_string_however_it_is_written) {
  for (const std::string_view array :
       {R"(["auth_success",{"a":1}])", R"( [ "auth_success" ])", R"(["auth\u005fsuccess"])"})
    EXPECT_TRUE(is_event_named(array, "auth_success")) << array;
  for (const std::string_view array :
       {R"(["auth_success2"])", R"(["auth\u005fsucces"])", R"(["auth_success)", R"({"auth_success":1})",
        R"([1,"auth_success"])", "", "[", R"([")", R"(["\)", R"(["\"auth_success"])"})
    EXPECT_FALSE(is_event_named(array, "auth_success")) << array;
}

TEST(event_arguments, are_what_stands_behind_the_name) {
  EXPECT_EQ(event_arguments(R"(["e",{"a":[1]},2])"), R"({"a":[1]},2)");
  EXPECT_EQ(event_arguments(R"( [ "e\"]," , 1 ] )"), " 1");
  for (const std::string_view none : {R"(["e"])", R"(["e"  ])", R"(["e")", R"(["e" 1])", "", "]", R"(]["e",)"})
    EXPECT_EQ(event_arguments(none), "") << none;
}

}  // namespace
}  // namespace roombridge::upstream
