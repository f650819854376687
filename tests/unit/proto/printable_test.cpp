// SPDX-License-Identifier: MIT
#include <roombridge/proto/printable.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "bytes.hpp"

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

// proto/vectors/printable.json, which every client runs.
boost::json::value vectors() {
  std::ifstream file{ROOMBRIDGE_PROTO_DIR "/vectors/printable.json"};
  return boost::json::parse(std::string{std::istreambuf_iterator<char>{file}, {}});
}

TEST(printable, escapes_exactly_what_the_vectors_list) {
  const auto all = vectors();
  const auto& ranges = all.at("escaped").as_array();
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;  // no characters
    const bool escaped = std::any_of(ranges.begin(), ranges.end(), [code](const boost::json::value& one) {
      return code >= one.at(0).to_number<std::uint32_t>() && code <= one.at(1).to_number<std::uint32_t>();
    });
    const std::string text = "a" + utf8(code) + "b";
    ASSERT_EQ(printable(text) != text, escaped) << std::hex << static_cast<std::uint32_t>(code);
  }
}

TEST(printable, shows_texts_as_the_vectors_do) {
  const auto all = vectors();
  ASSERT_GT(all.at("texts").as_array().size(), 10u);
  for (const auto& each : all.at("texts").as_array()) {
    const std::string_view shown = each.at("printable").as_string();
    EXPECT_EQ(printable(test::from_hex(each.at("hex").as_string())), shown) << each.at("name");
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
