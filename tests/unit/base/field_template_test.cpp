// SPDX-License-Identifier: MIT
#include "daemon/base/field_template.hpp"

#include <gtest/gtest.h>

namespace roombridge {
namespace {

// Each piece in its own brackets: [literal] or <field>; "!" when the text is no template.
std::string split(std::string_view text) {
  const auto pieces = split_template(text);
  if (!pieces) return "!";
  std::string out;
  for (const template_piece& piece : *pieces) out += piece.is_field ? '<' + piece.text + '>' : '[' + piece.text + ']';
  return out;
}

TEST(field_template, has_literals_and_fields) {
  EXPECT_EQ(split(""), "");
  EXPECT_EQ(split("all"), "[all]");
  EXPECT_EQ(split("{a}"), "<a>");
  EXPECT_EQ(split("shop-{shopId}/{a}{b c}!"), "[shop-]<shopId>[/]<a><b c>[!]");
}

TEST(field_template, doubled_braces_are_braces) {
  EXPECT_EQ(split("{{x}}"), "[{x}]");
  EXPECT_EQ(split("{{{a}}}"), "[{]<a>[}]");
  EXPECT_EQ(split("}}{{"), "[}{]");
}

TEST(field_template, braces_match) {
  for (const char* text : {"{", "}", "a{b", "a}b", "{}", "{a{b}}", "{a}}", "{{id}", "{a}{", "{{}"})
    EXPECT_EQ(split(text), "!") << text;
}

}  // namespace
}  // namespace roombridge
