// SPDX-License-Identifier: MIT
#include "daemon/upstream/request_extras.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

TEST(request_extras, are_written_as_http_wants) {
  EXPECT_EQ(header_lines({{"Authorization", "Bearer a.b"}, {"X", ""}}), "Authorization: Bearer a.b\r\nX: \r\n");
  EXPECT_EQ(query_text({{"token", "a.b-c_d~"}, {"a&b", "\xec\x98\x88 +/=?#%"}}),
            "&token=a.b-c_d~&a%26b=%EC%98%88%20%2B%2F%3D%3F%23%25");
  EXPECT_EQ(query_text({}), "");
}

TEST(request_extras, know_what_a_header_can_carry) {
  EXPECT_TRUE(is_header_value("Bearer a b\xff"));
  for (const std::string_view text : {"a\r\nb", "a\nb", "a\x01", "a\x7f"}) EXPECT_FALSE(is_header_value(text));
  EXPECT_FALSE(is_header_value(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace roombridge::upstream
