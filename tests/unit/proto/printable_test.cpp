// SPDX-License-Identifier: MIT
#include <roombridge/proto/printable.hpp>

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

namespace roombridge::proto {
namespace {

std::string utf8(char32_t code) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 63))};
  if (code < 0x10000) return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
  return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)),
          byte(0x80 | (code & 63))};
}

// As the header lists them, said in another way.
bool may_not_be_shown(char32_t code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  for (const char32_t one :
       {U'\u061c', U'\u200b', U'\u200e', U'\u200f', U'\u2028', U'\u2029', U'\u202a', U'\u202b', U'\u202c', U'\u202d',
        U'\u202e', U'\u2060', U'\u2066', U'\u2067', U'\u2068', U'\u2069', U'\ufeff'}) {
    if (code == one) return true;
  }
  return code >> 7 == 0xe0000 >> 7;
}

TEST(printable, escapes_exactly_what_the_header_lists) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;  // no characters
    const std::string text = "a" + utf8(code) + "b";
    ASSERT_EQ(printable(text) != text, may_not_be_shown(code)) << std::hex << static_cast<std::uint32_t>(code);
  }
}

TEST(printable, spells_escapes_so_that_they_can_be_read) {
  EXPECT_EQ(printable("예약 § \\ \""), "예약 § \\ \"");
  EXPECT_EQ(printable("\x1b[31mred\x7f\n\r\t"), "\\u001b[31mred\\u007f\\n\\r\\t");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2J \xe2\x80\xae \xe2\x80\xa8"),
            "a\\u009b2J \\u202e \\u2028");
  EXPECT_EQ(printable("\xf3\xa0\x81\x81"), "\\u{e0041}");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\u0000b");
}

TEST(printable, a_byte_that_belongs_to_no_character_is_escaped_alone) {
  EXPECT_EQ(printable("\xbf\xb9 full"), "\\xbf\\xb9 full");
  EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("a\xed\x95"), "a\\xed\\x95") << "cut";
}

TEST(printable, is_cut_between_characters) {
  EXPECT_EQ(printable("\xed\x95\x9c\xea\xb8\x80", 4), "\xed\x95\x9c...");
  EXPECT_EQ(printable("\xed\x95\x9c\xea\xb8\x80", 3), "\xed\x95\x9c...");
  EXPECT_EQ(printable("\xed\x95\x9c", 3), "\xed\x95\x9c");
  EXPECT_EQ(printable("abc", 0), "...");
  EXPECT_EQ(printable("\xbf\xbf\xbf\xbf\xbf\xbf", 5), "\\xbf\\xbf...") << "no character is that long";
}

TEST(printable_json, means_the_same_and_is_one_safe_line) {
  const std::string json = "{\"a\":\r\n[\"\xe2\x80\xae\",\"\x7f\xc2\x9b\",\t\"\xf3\xa0\x81\x81\"]}";
  const std::string shown = printable_json(json);
  EXPECT_EQ(shown, R"({"a":  ["\u202e","\u007f\u009b", "\udb40\udc41"]})");
  EXPECT_EQ(boost::json::parse(shown), boost::json::parse(json));
}

TEST(printable_json, leaves_escapes_as_they_are) {
  EXPECT_EQ(printable_json(R"(["\u001b\\\"한"])"), R"(["\u001b\\\"한"])");
}

TEST(has_control_character, knows_both_blocks) {
  for (const std::string_view text : {"a\nb", "\x7f", "a\xc2\x80", "\xc2\x9f"})
    EXPECT_TRUE(has_control_character(text));
  EXPECT_TRUE(has_control_character(std::string_view("\0", 1)));
  for (const std::string_view text : {"", "a b", "\xc2\xa0", "한", "\xe2\x80\xae"})
    EXPECT_FALSE(has_control_character(text));
}

}  // namespace
}  // namespace roombridge::proto
