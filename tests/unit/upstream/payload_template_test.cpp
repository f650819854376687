// SPDX-License-Identifier: MIT
#include "daemon/upstream/payload_template.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

json_fields sample() {
  return json_fields::of_first(
      R"({ "id" : 7 , "big":123456789012345678901234567890, "name":"\uc608\"x", "on":true, "none":null, "in":{"a":[1, 2]},
         "empty":"", "bad":"\ud800", "id2":-1.50e3 }, "second", {"id":8})");
}

std::string text(std::string_view pattern) {
  auto out = render_text(pattern, sample());
  if (const auto* missing = std::get_if<missing_field>(&out)) return "missing " + missing->name;
  return std::get<std::string>(out);
}

std::string object(const payload_template& pattern) {
  auto out = render_object(pattern, sample());
  if (const auto* missing = std::get_if<missing_field>(&out)) return "missing " + missing->name;
  return std::get<std::string>(out);
}

TEST(json_fields, keeps_values_as_they_were_written) {
  const json_fields fields = sample();
  EXPECT_EQ(fields.raw("id"), "7");
  EXPECT_EQ(fields.raw("id2"), "-1.50e3");
  EXPECT_EQ(fields.raw("big"), "123456789012345678901234567890");
  EXPECT_EQ(fields.raw("name"), R"("\uc608\"x")");
  EXPECT_EQ(fields.raw("in"), R"({"a":[1, 2]})");
  EXPECT_EQ(fields.raw("second"), "");
  EXPECT_EQ(fields.text("name"), "\xec\x98\x88\"x");
  EXPECT_EQ(fields.text("on"), "true");
  EXPECT_EQ(fields.text("none"), "");
  EXPECT_EQ(fields.text("in"), "");
}

TEST(json_fields, has_none_for_what_is_no_object) {
  for (const std::string_view arguments :
       {"", "null", "7,{\"id\":1}", "\"text\"", "[{\"id\":1}]", "{", "{\"id\"", "nonsense"}) {
    EXPECT_TRUE(json_fields::of_first(arguments).empty()) << arguments;
  }
}

TEST(json_fields, leaves_out_what_is_too_large_or_too_much) {
  std::string text = R"({"large":")" + std::string(json_fields::most_text, 'x') + R"(",")" +
                     std::string(json_fields::most_text + 1, 'n') + R"(":1,"id":7)";
  for (int i = 0; i < 1000; ++i) text += ",\"f" + std::to_string(i) + "\":0";
  const json_fields fields = json_fields::of_first(text + '}');
  EXPECT_EQ(fields.raw("large"), "");
  EXPECT_EQ(fields.raw("id"), "7");
  EXPECT_EQ(fields.raw("f254"), "0");
  EXPECT_EQ(fields.raw("f255"), "");
}

TEST(json_string, escapes_what_json_wants_escaped) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01\xec\x98\x88"), "\"a\\\"b\\\\c\\u000a\\u0001\xec\x98\x88\"");
}

TEST(payload_template, fills_texts) {
  EXPECT_EQ(text("user-{id}"), "user-7");
  EXPECT_EQ(text("{id}{id2}"), "7-1.50e3");
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("{{id}"), "{id}");
  EXPECT_EQ(text("{{id}}-{id}}}"), "{id}-7}");
  EXPECT_EQ(text("a}b"), "a}b");
  EXPECT_EQ(text("x{empty}y"), "xy");
  EXPECT_EQ(text(""), "");
}

TEST(payload_template, names_what_is_missing) {
  EXPECT_EQ(text("user-{uid}"), "missing uid");
  EXPECT_EQ(text("user-{none}"), "missing none");
  EXPECT_EQ(text("user-{in}"), "missing in");
  EXPECT_EQ(text("user-{bad}"), "missing bad");
  EXPECT_EQ(object({{"a", "{uid}"}}), "missing uid");
  EXPECT_EQ(object({{"a", "x{uid}"}}), "missing uid");
}

TEST(payload_template, keeps_the_type_of_a_lone_placeholder) {
  EXPECT_EQ(object({{"a", "{id}"}, {"b", "{name}"}, {"c", "{in}"}, {"d", "{none}"}}),
            R"({"a":7,"b":"\uc608\"x","c":{"a":[1, 2]},"d":null})");
  EXPECT_EQ(object({{"a", "x{id}"}, {"q\"", "{{id}"}, {"t", "{on}{on}"}}), R"({"a":"x7","q\"":"{id}","t":"truetrue"})");
  EXPECT_EQ(object({}), "{}");
}

}  // namespace
}  // namespace roombridge::upstream
