// SPDX-License-Identifier: MIT
#include <roombridge/proto/json_text.hpp>

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace roombridge::proto::test {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(json_text, leaves_plain_text_alone) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("reservation_update and more"), R"("reservation_update and more")");
  EXPECT_EQ(json_string("예약\x7f"), "\"예약\x7f\"");
}

TEST(json_text, escapes_what_json_demands) {
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_string(std::string("\0\x1f", 2)), R"("\u0000\u001f")");
}

// Every byte below 0x80 at every place of a text longer than the eight bytes that are looked at together.
TEST(json_text, agrees_with_a_parser_at_every_place) {
  for (std::size_t place = 0; place < 19; ++place) {
    for (char byte = 0; byte >= 0 && byte < 0x7f; ++byte) {
      std::string text(19, 'x');
      text[place] = byte;
      const std::string json = json_string(text);
      ASSERT_EQ(boost::json::parse(json).as_string(), text) << json;
      ASSERT_EQ(json.size(), json_text_size(text) + 2);
    }
  }
}

TEST(json_text, appends_behind_what_is_there) {
  std::string out = "before ";
  append_json_text(out, "\"x");
  EXPECT_EQ(out, "before \\\"x");
}

TEST(is_utf8, takes_the_edges_of_every_length) {
  for (const auto* text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a예b"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(is_utf8, refuses_what_rfc_3629_does) {
  for (const auto* text : {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe1\x80",
                           "\xe1\x80z", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xfe"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

}  // namespace
}  // namespace roombridge::proto::test
