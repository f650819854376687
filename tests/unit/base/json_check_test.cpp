// SPDX-License-Identifier: MIT
#include "daemon/base/json_check.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roombridge {
namespace {

class valid_json : public testing::TestWithParam<std::string> {};
class broken_json : public testing::TestWithParam<std::string> {};

TEST_P(valid_json, passes) {
  EXPECT_EQ(check_json(GetParam()).fault, json_fault::none) << GetParam();
}

TEST_P(broken_json, is_a_syntax_fault) {
  EXPECT_EQ(check_json(GetParam()).fault, json_fault::syntax) << GetParam();
}

// No proper prefix of a container or a string is JSON: whatever cut a message short is noticed, at every byte.
TEST_P(valid_json, every_prefix_fails) {
  const std::string& text = GetParam();
  if (text.front() != '[' && text.front() != '{' && text.front() != '"') return;
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(check_json(text.substr(0, size))) << text.substr(0, size);
}

INSTANTIATE_TEST_SUITE_P(
    what_servers_send, valid_json,
    testing::Values("[]", "{}", "null", "true", "false", "0", "-0", "1e5", "-12.5E-3", "100000000000000000000000000000",
                    R"("\ud800")", R"(["\u0041\n\"\\\/"])", R"({"a":{"b":[1,2,{}]},"a":null})", "[ 1 , 2\t,\n3\r]",
                    R"(["예약이 확정되었습니다!"])", R"([""])", R"({"":""})",
                    R"(["twelve chars","a string of more than sixteen bytes, so that words are skipped"])", " [1] "));

INSTANTIATE_TEST_SUITE_P(mistakes, broken_json,
                         testing::Values("", " ", "[", "]", "[1,]", "[,1]", "{1:2}", "{\"a\"}", "{\"a\":}",
                                         "{\"a\":1,}", "{\"a\":1 \"b\":2}", "01", "1.", ".5", "+1", "1e", "1e+", "-",
                                         "nul", "nulll", "True", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u123", "[1]]",
                                         "[1}", "{\"a\":[}", "[{]}", "[1 2]", std::string("\"a\nb\""),
                                         std::string("\"a\0b\"", 5), std::string("\"\\\0\"", 4), "'a'", "[1]x", "NaN",
                                         "\"0123456789abcdef\x1f\""));

TEST(json_check, nesting_is_allowed_up_to_the_limit_and_no_further) {
  const std::string deep = std::string(max_json_depth, '[') + std::string(max_json_depth, ']');
  EXPECT_EQ(check_json(deep).fault, json_fault::none);
  EXPECT_EQ(check_json("[" + deep + "]").fault, json_fault::too_deep);
  EXPECT_EQ(check_json(std::string(1'000'000, '[')).fault, json_fault::too_deep);
}

TEST(json_check, nested_objects_close_as_they_opened) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += i % 2 != 0 ? "[" : R"({"k":)";
  text += "1";
  for (int i = 1999; i >= 0; --i) text += i % 2 != 0 ? "]" : "}";
  EXPECT_TRUE(check_json(text));
  text.back() = ']';
  EXPECT_FALSE(check_json(text));
}

TEST(json_check, a_control_character_is_found_at_every_place_of_a_string) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = '"' + std::string(size, 'x') + '"';
      text[1 + at] = '\x1f';
      EXPECT_EQ(check_json(text).offset, 1 + at) << size;
      text[1 + at] = ' ';
      EXPECT_TRUE(check_json(text)) << size;
    }
  }
}

TEST(json_check, names_the_offset_of_the_first_wrong_byte) {
  EXPECT_EQ(check_json("[1,2,x]").offset, 5u);
  EXPECT_EQ(check_json("[1,2").offset, 4u);
}

}  // namespace
}  // namespace roombridge
