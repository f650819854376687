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

std::string arguments(const payload_template& pattern) {
  auto out = render_arguments(pattern, sample());
  if (const auto* missing = std::get_if<missing_field>(&out)) return "missing " + missing->name;
  return std::get<std::string>(out);
}

payload_template text_of(std::string pattern) {
  return payload_template(std::move(pattern));
}
payload_template literal(std::string json) {
  return payload_template(payload_template::literal{std::move(json)});
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

TEST(json_fields, finds_what_lies_deeper_by_its_path) {
  const json_fields fields = json_fields::of_first(
      R"({"user":{"id":7,"of":{"shop":"s"},"a.b":true},"user.id":"plain","https://x.example/id":{"n":1},"list":[{"id":1}]})");
  EXPECT_EQ(fields.raw("user.id"), R"("plain")") << "a name of its own comes first";
  EXPECT_EQ(fields.text("user.of.shop"), "s");
  EXPECT_EQ(fields.raw("user.of"), R"({"shop":"s"})");
  EXPECT_EQ(fields.raw("user.a.b"), "true");
  EXPECT_EQ(fields.raw("https://x.example/id.n"), "1");
  for (const char* none : {"user.", ".user", "user.none", "user.id.x", "list.id", "user.of.shop.x", "."})
    EXPECT_EQ(fields.raw(none), "") << none;
}

TEST(json_fields, match_what_is_wanted_as_text) {
  const json_fields fields =
      json_fields::of_first(R"({"ok":true,"data":{"n":3},"none":null,"empty":"","error":{"code":1}})");
  EXPECT_TRUE(fields.match({{"ok", "true"}, {"data.n", "3"}, {"none", ""}, {"empty", ""}, {"absent", ""}}));
  EXPECT_FALSE(fields.match({{"ok", "true"}, {"error", ""}})) << "an object is something";
  EXPECT_FALSE(fields.match({{"data", ""}}));
  EXPECT_FALSE(fields.match({{"absent", "x"}}));
}

TEST(json_fields, has_none_for_what_is_no_object) {
  for (const std::string_view arguments :
       {"", "null", "7,{\"id\":1}", "\"text\"", "[{\"id\":1}]", "{", "{\"id\"", "nonsense"}) {
    EXPECT_TRUE(json_fields::of_first(arguments).empty()) << arguments;
  }
}

TEST(json_fields, leaves_out_what_is_too_large_or_too_much) {
  std::string text = R"({"large":")" + std::string(json_fields::most_value, 'x') + R"(",")" +
                     std::string(json_fields::most_name + 1, 'n') + R"(":1,"id":7)";
  for (int i = 0; i < 1000; ++i) text += ",\"f" + std::to_string(i) + "\":0";
  const json_fields fields = json_fields::of_first(text + '}');
  EXPECT_EQ(fields.raw("large"), "");
  EXPECT_EQ(fields.raw("id"), "7");
  EXPECT_EQ(fields.raw("f254"), "0");
  EXPECT_EQ(fields.raw("f255"), "");
}

TEST(json_string, escapes_what_json_wants_escaped) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01\xec\x98\x88"), "\"a\\\"b\\\\c\\n\\u0001\xec\x98\x88\"");
}

TEST(payload_template, fills_texts) {
  EXPECT_EQ(text("user-{id}"), "user-7");
  EXPECT_EQ(text("{id}{id2}"), "7-1.50e3");
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("{{id}}-{id}}}"), "{id}-7}");
  EXPECT_EQ(text("x{empty}y"), "xy");
  EXPECT_EQ(text(""), "");
}

TEST(payload_template, names_what_is_missing) {
  EXPECT_EQ(text("user-{uid}"), "missing uid");
  EXPECT_EQ(text("user-{none}"), "missing none");
  EXPECT_EQ(text("user-{in}"), "missing in");
  EXPECT_EQ(text("user-{bad}"), "missing bad");
  EXPECT_EQ(arguments({{"a", "{uid}"}}), "missing uid");
  EXPECT_EQ(arguments({{"a", "x{uid}"}}), "missing uid");
}

TEST(payload_template, keeps_the_type_of_a_lone_placeholder) {
  EXPECT_EQ(arguments({{"a", "{id}"}, {"b", "{name}"}, {"c", "{in}"}, {"d", "{none}"}}),
            R"([{"a":7,"b":"\uc608\"x","c":{"a":[1, 2]},"d":null}])");
  EXPECT_EQ(arguments({{"a", "x{id}"}, {"q\"", "{{id}}"}, {"t", "{on}{on}"}}),
            R"([{"a":"x7","q\"":"{id}","t":"truetrue"}])");
  EXPECT_EQ(arguments({}), "[{}]");
}

TEST(payload_template, is_one_argument_of_any_type_or_a_list_of_them) {
  using list = payload_template::list;
  using map = payload_template::map;
  EXPECT_EQ(arguments(text_of("{id}")), "[7]");
  EXPECT_EQ(arguments(text_of("shop-{id}")), R"(["shop-7"])");
  EXPECT_EQ(arguments(literal("null")), "[null]");
  EXPECT_EQ(arguments(payload_template(list{})), "[]");
  const payload_template inner(list{text_of("{name}"), literal("1.50"), payload_template(list{})});
  EXPECT_EQ(arguments(inner), R"(["\uc608\"x",1.50,[]])");
  EXPECT_EQ(arguments(payload_template(list{inner, literal("true")})), R"([["\uc608\"x",1.50,[]],true])");
  const payload_template deep(map{{"auth", payload_template(map{{"token", text_of("{id}")}, {"of", inner}})}});
  EXPECT_EQ(arguments(deep), R"([{"auth":{"token":7,"of":["\uc608\"x",1.50,[]]}}])");
  EXPECT_EQ(arguments(payload_template(list{literal("1"), payload_template{{"a", "{uid}"}}})), "missing uid");
  EXPECT_EQ(std::get<json_fields>(render_fields(deep, sample())).object(),
            R"({"auth":{"token":7,"of":["\uc608\"x",1.50,[]]}})");
  EXPECT_EQ(texts_of(deep), (std::vector<std::string_view>{"{id}", "{name}"}));
}

}  // namespace
}  // namespace roombridge::upstream
