// SPDX-License-Identifier: MIT
#include "daemon/events/placeholders.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roombridge::events {
namespace {

TEST(placeholders, those_that_have_an_attachment_fit) {
  EXPECT_TRUE(placeholders_fit(R"([])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"_placeholder":true,"num":0}])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"a":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}])", 2));
}

TEST(placeholders, objects_of_another_shape_are_data) {
  EXPECT_TRUE(placeholders_fit(R"([{"_placeholder":false,"num":9}])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"_placeholder":"true"}])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"_placeholder":true,"_placeholder":1}])", 1));
}

TEST(placeholders, those_without_an_attachment_do_not_fit) {
  for (const char* text :
       {R"([{"_placeholder":true,"num":1}])", R"([{"_placeholder":true,"num":-1}])", R"([{"_placeholder":true}])",
        R"([{"_placeholder":true,"num":"0"}])", R"([{"num":0,"_placeholder":true,"num":7}])",
        R"([[{"x":{"_placeholder":true,"num":1}}]])"}) {
    EXPECT_FALSE(placeholders_fit(text, 1)) << text;
  }
}

TEST(placeholders, what_the_dom_cannot_read_is_refused) {
  EXPECT_FALSE(placeholders_fit(R"(["\ud800"])", 1));
  EXPECT_FALSE(placeholders_fit(std::string(3000, '[') + std::string(3000, ']'), 1));
}

}  // namespace
}  // namespace roombridge::events
