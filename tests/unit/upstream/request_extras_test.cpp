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

TEST(without_token, hides_it_however_it_is_written) {
  EXPECT_EQ(without_token("no x/y/z/u/v, no x%2Fy%2Fz%2Fu%2Fv: x/y/z/u/vx/y/z/u/v", "x/y/z/u/v"),
            "no [token], no [token]: [token][token]");
  EXPECT_EQ(without_token(R"(bad {"token":"x\"y\\zuvw"}, x%22y%5Czuvw)", "x\"y\\zuvw"),
            R"(bad {"token":"[token]"}, [token])");
  EXPECT_EQ(without_token("[token]", "token"), "[[token]]") << "and ends";
  EXPECT_EQ(without_token("as it was", ""), "as it was");
  EXPECT_EQ(without_token("bad abcdefghijklm", "abcdefghijklmnopq"), "bad [token]") << "cut within the token";
  EXPECT_EQ(without_token("bad abcdefghijklm... is", "abcdefghijklmnopq"), "bad [token]... is") << "by the server";
  EXPECT_EQ(without_token("bad abcdefghij", "abcdefghijklmnopq"), "bad abcdefghij") << "no more than its begin";
}

TEST(without_token, hides_a_short_one_only_where_it_is_a_word_of_its_own) {
  EXPECT_EQ(without_token("the connection was cut (it isn't the server's t)", "t"),
            "the connection was cut (it isn't the server's [token])");
  EXPECT_EQ(without_token(R"(t: "t", {"token":"t"}, Bearer t, /?a=t&b=tt)", "t"),
            R"([token]: "[token]", {"token":"[token]"}, Bearer [token], /?a=[token]&b=tt)");
  EXPECT_EQ(without_token("rejected 1234567; 12345678 is longer", "1234567"), "rejected [token]; 12345678 is longer");
  EXPECT_EQ(without_token("rejected x12345678y", "12345678"), "rejected x[token]y") << "no short one any more";
  EXPECT_EQ(without_token("no a/b, a%2Fb or a/bc", "a/b"), "no [token], [token] or a/bc");
}

}  // namespace
}  // namespace roombridge::upstream
