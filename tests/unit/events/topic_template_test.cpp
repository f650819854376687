// SPDX-License-Identifier: MIT
#include "daemon/events/topic_template.hpp"

#include <gmock/gmock.h>

namespace roombridge::events {
namespace {

using testing::ElementsAre;

TEST(topic_template, renders_literals_and_fields) {
  std::vector<std::string> fields;
  const auto parsed = topic_template::parse("shop-{shopId}/user-{userId}/{shopId}", fields);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(fields, ElementsAre("shopId", "userId"));
  const std::string_view values[] = {"7", "u1"};
  std::string out = "rest of the last one";
  EXPECT_TRUE(parsed->render(values, out));
  EXPECT_EQ(out, "shop-7/user-u1/7");
}

TEST(topic_template, shares_fields_that_are_known) {
  std::vector<std::string> fields{"a", "b"};
  ASSERT_TRUE(topic_template::parse("x-{b}-{c}", fields));
  EXPECT_THAT(fields, ElementsAre("a", "b", "c"));
}

TEST(topic_template, doubled_braces_are_literal) {
  std::vector<std::string> fields;
  const auto parsed = topic_template::parse("{{x}}", fields);
  ASSERT_TRUE(parsed);
  std::string out;
  EXPECT_TRUE(parsed->render({}, out));
  EXPECT_EQ(out, "{x}");
}

TEST(topic_template, refuses_braces_that_do_not_match) {
  std::vector<std::string> fields;
  for (const char* text : {"{", "}", "a{b", "a}b", "{}", "{a{b}}", "{a}}"})
    EXPECT_FALSE(topic_template::parse(text, fields)) << text;
}

TEST(topic_template, an_empty_value_makes_no_topic) {
  std::vector<std::string> fields;
  const auto parsed = topic_template::parse("shop-{shopId}", fields);
  const std::string_view values[] = {""};
  std::string out;
  EXPECT_FALSE(parsed->render(values, out));
}

TEST(topic_template, a_topic_has_at_most_256_bytes) {
  std::vector<std::string> fields;
  const auto parsed = topic_template::parse("s-{id}", fields);
  const std::string fits(max_topic_size - 2, 'x');
  const std::string too_long(max_topic_size - 1, 'x');
  std::string out;
  const std::string_view good[] = {fits};
  EXPECT_TRUE(parsed->render(good, out));
  const std::string_view bad[] = {too_long};
  EXPECT_FALSE(parsed->render(bad, out));
}

}  // namespace
}  // namespace roombridge::events
