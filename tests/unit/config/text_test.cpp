// SPDX-License-Identifier: MIT
#include "daemon/config/text.hpp"

#include <gtest/gtest.h>

namespace roombridge::config {
namespace {

std::string fault(std::string_view file) {
  const auto found = find_text_fault(file);
  if (!found) return "none";
  return std::to_string(found->where.line) + ':' + std::to_string(found->where.column) + ": " + found->text;
}

TEST(config_text, takes_utf8_with_lines_and_tabs) {
  for (const char* text :
       {"", "a: b\n", "a:\t b\r\n# 예약 알림 – ☎ 𝄞\n",
        "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"})
    EXPECT_EQ(fault(text), "none") << text;
}

TEST(config_text, refuses_what_is_not_utf8_with_its_place) {
  EXPECT_EQ(fault("a: 1\nb: \xff\n"), "2:4: not UTF-8: save the file in that encoding; the byte is 0xff");
  EXPECT_EQ(fault("방: \xc0\x80"), "1:6: not UTF-8: save the file in that encoding; the byte is 0xc0");
  for (const char* text : {"\x80", "\xbf", "\xc2", "\xc2 ", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe1\x80",
                           "\xe1\x80 ", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                           "\xf1\x80\x80", "\xf1\x80\x80 ", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff\xfe"})
    EXPECT_TRUE(fault(text).starts_with("1:1: not UTF-8")) << text;
}

TEST(config_text, refuses_control_characters_with_their_place) {
  EXPECT_EQ(fault(std::string_view("a\n\nb\0c", 6)), "3:2: a control character that cannot stand in a config: 0x00");
  EXPECT_EQ(fault("a: \x04"), "1:4: a control character that cannot stand in a config: 0x04");
  EXPECT_EQ(fault("a: \x7f"), "1:4: a control character that cannot stand in a config: 0x7f");
}

TEST(config_text, a_clean_value_has_no_control_character_at_all) {
  EXPECT_TRUE(is_clean_text(""));
  EXPECT_TRUE(is_clean_text("예약 {shopId} \xf0\x9f\x94\x94"));
  for (const std::string text : {"a\nb", "a\tb", "a\rb", "\x7f", "\x1b[0m", "\xc3", "a\xed\xa0\x80"})
    EXPECT_FALSE(is_clean_text(text));
  EXPECT_FALSE(is_clean_text(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace roombridge::config
