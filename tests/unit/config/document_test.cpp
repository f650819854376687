// SPDX-License-Identifier: MIT
#include "daemon/config/document.hpp"

#include <gmock/gmock.h>

#include "daemon/config/parse.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The tree as one line: scalars as they are, nothing as ~, each with its place.
std::string print(const node& value) {
  const std::string place = '@' + std::to_string(value.where.line) + ':' + std::to_string(value.where.column);
  std::string out;
  switch (value.kind) {
    case node_kind::nothing:
      return "~";
    case node_kind::scalar:
      return value.text + place;
    case node_kind::list:
      for (const node* item : value.items) out += (out.empty() ? "" : " ") + print(*item);
      return '[' + out + ']' + place;
    case node_kind::map:
      for (const entry& each : value.entries) {
        out += (out.empty() ? "" : " ") + each.key + '@' + std::to_string(each.where.line) + ':' +
               std::to_string(each.where.column) + '=' + print(*each.value);
      }
      return '{' + out + '}' + place;
  }
  return {};
}

struct outcome {
  std::string tree;  // empty: none
  std::vector<std::string> errors;
};

outcome read(std::string_view text) {
  error_list errors("f");
  const auto document = read_document(text, errors);
  outcome result{document ? print(document->root()) : "", {}};
  for (const error& error : errors.take()) result.errors.push_back(error.to_string());
  return result;
}

TEST(config_document, keeps_places) {
  const outcome result = read("a: 1\nb:\n  - x y\n  - \"z\"\nc: {d: ~, e: [f]}\n");
  EXPECT_EQ(result.tree, "{a@1:1=1@1:4 b@2:1=[x y@3:5 z@4:5]@3:3 c@5:1={d@5:5=~ e@5:11=[f@5:15]@5:14}@5:4}@1:1");
  EXPECT_THAT(result.errors, IsEmpty());
}

TEST(config_document, a_file_without_content_is_nothing) {
  for (const char* text : {"", "\n\n", "# comment", "---\n", "---\n...\n", "~"}) {
    EXPECT_EQ(read(text).tree, "~") << text;
    EXPECT_THAT(read(text).errors, IsEmpty()) << text;
  }
}

TEST(config_document, aliases_stand_for_their_anchors) {
  const outcome result = read("a: &rooms [x, &y z]\nb: *rooms\nc: [*y]\nd: &n ~\ne: *n\n");
  EXPECT_EQ(result.tree,
            "{a@1:1=[x@1:12 z@1:15]@1:4 b@2:1=[x@1:12 z@1:15]@1:4 c@3:1=[z@1:15]@3:4 d@4:1=~ e@5:1=~}@1:1");
  EXPECT_THAT(result.errors, IsEmpty());
}

TEST(config_document, an_alias_into_itself_is_refused) {
  const auto text = "this alias does not stand for a complete value: its anchor is on a key, or on what contains it";
  EXPECT_THAT(read("a: &a [*a]").errors, ElementsAre(std::string("f:1:8: ") + text));
  EXPECT_THAT(read("a: &a {b: {c: *a}}").errors, ElementsAre(std::string("f:1:15: ") + text));
  EXPECT_THAT(read("&k a: *k").errors, ElementsAre(std::string("f:1:7: ") + text));
}

TEST(config_document, a_billion_laughs_end_at_the_bound) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) text += ", " + last;
    text += "]\n";
  }
  // Lines 1 to 4 hold 11, 111, 1111 and 11111 nodes; the fifth in line 5 passes the bound of 65536. (Not printed: it
  // would not end.)
  error_list errors("f");
  EXPECT_FALSE(read_document(text, errors).has_value());
  const auto found = errors.take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].to_string(), "f:5:30: more than 65536 values, aliases counted as what they stand for");
}

TEST(config_document, plain_values_end_at_the_same_bound) {
  std::string text = "[";
  for (std::size_t i = 1; i < max_document_nodes; ++i) text += "\n,";
  text.replace(1, 2, "x");
  for (std::size_t at = 0; (at = text.find("\n,", at)) != std::string::npos; at += 3) text.replace(at, 2, "\n,x");
  EXPECT_THAT(read(text + "]").errors, IsEmpty());
  EXPECT_EQ(read(text + "\n,x]").errors.size(), 1u);
}

TEST(config_document, a_key_that_stands_twice_is_refused_with_both_places) {
  const outcome result = read("a: 1\nb: {c: 1, c: 2}\n\"a\": 3\nd: 4\na: 5\n");
  EXPECT_THAT(result.errors, ElementsAre("f:2:11: the key \"c\" stands twice; first at line 2, column 5",
                                         "f:3:1: the key \"a\" stands twice; first at line 1, column 1",
                                         "f:5:1: the key \"a\" stands twice; first at line 1, column 1"));
  EXPECT_EQ(result.tree, "{a@1:1=1@1:4 b@2:1={c@2:5=1@2:8}@2:4 d@4:1=4@4:4}@1:1");
}

TEST(config_document, the_same_key_in_two_maps_is_fine) {
  EXPECT_THAT(read("a: {x: 1}\nb: {x: 1, a: 2}").errors, IsEmpty());
}

TEST(config_document, a_key_is_text) {
  EXPECT_THAT(read("? [a]\n: b\n").errors, ElementsAre("f:1:3: a key is text, but this is a list"));
  EXPECT_THAT(read("{{a: b}: c}").errors, ElementsAre("f:1:2: a key is text, but this is a map of keys"));
  EXPECT_THAT(read("~: c").errors, ElementsAre("f:1:1: a key is text, but this is nothing"));
  EXPECT_THAT(read("a: &x y\n*x : c").errors, ElementsAre("f:2:1: a key is text, but this is an alias"));
}

TEST(config_document, tags_are_refused) {
  EXPECT_THAT(read("a: !!str 1\nb: !ours [x]\nc: !!python/object {}").errors,
              ElementsAre("f:1:4: tags such as !!str have no meaning here; leave it out",
                          "f:2:4: tags such as !!str have no meaning here; leave it out",
                          "f:3:4: tags such as !!str have no meaning here; leave it out"));
}

TEST(config_document, a_second_document_is_refused) {
  EXPECT_THAT(read("a: 1\n---\nb: 2\n").errors, ElementsAre("f:2:1: a second YAML document; a config is one"));
  EXPECT_THAT(read("a: 1\n...\n# end\n").errors, IsEmpty());
}

TEST(config_document, depth_is_bounded) {
  const std::string fits = std::string(max_document_depth, '[') + std::string(max_document_depth, ']');
  EXPECT_THAT(read(fits).errors, IsEmpty());
  EXPECT_THAT(read('[' + fits + ']').errors, ElementsAre("f:1:17: lists and maps nest deeper than 16 levels"));
}

// yaml-cpp parses recursively. Every level of its recursion is announced before the next one, and refusing there
// unwinds it: the stack never holds more levels than the bound, whatever the style of nesting.
TEST(config_document, a_megabyte_of_nesting_overflows_nothing) {
  const std::pair<std::string, std::string> styles[] = {{"[", "]"}, {"{a: ", "}"}, {"[a, ", "]"}, {"- ", ""}};
  for (const auto& [open, close] : styles) {
    const std::size_t levels = max_file_size / (open.size() + close.size());
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += open;
    for (std::size_t i = 0; i < levels; ++i) text += close;
    const outcome result = read(text);
    EXPECT_EQ(result.tree, "") << open;
    ASSERT_EQ(result.errors.size(), 1u) << open;
    EXPECT_TRUE(result.errors[0].ends_with(": lists and maps nest deeper than 16 levels")) << open << result.errors[0];
  }
}

TEST(config_document, a_megabyte_of_nesting_that_never_ends_overflows_nothing) {
  for (const std::string open : {"[", "{", "? ", "[? ", "[[],"}) {
    std::string text;
    while (text.size() + open.size() <= max_file_size) text += open;
    EXPECT_EQ(read(text).tree, "") << open;
    EXPECT_EQ(read(text).errors.size(), 1u) << open;
  }
}

TEST(config_document, what_is_not_yaml_is_told_with_its_place) {
  EXPECT_THAT(
      read("a: [1\nb: 2\n").errors,
      ElementsAre("f:2:2: not YAML: end of sequence flow not found; inside a list that begins at line 1, column 4"));
  EXPECT_THAT(read("a: 1\n b: 2\n").errors, ElementsAre("f:2:3: not YAML: illegal map value"));
  EXPECT_THAT(read("a: \"\\\r\"").errors, ElementsAre("f:1:7: not YAML: unknown escape character: \\r"));
  EXPECT_THAT(read("a: \"\\방\"").errors, ElementsAre("f:1:7: not YAML: unknown escape character: \\xeb"));
  EXPECT_THAT(read("a: *b").errors, ElementsAre("f:1:4: not YAML: the referenced anchor is not defined"));
}

TEST(config_document, a_quote_that_never_ends_is_told_where_it_begins) {
  for (const char* end : {"", "\n", "\n\n  \n", "\r\n", "\n  c: d\n", "\n# comment\n"}) {
    for (const char* quote : {"\"", "'"}) {
      const std::string text = std::string("a:\n  b: ") + quote + "x" + end;
      EXPECT_THAT(read(text).errors, ElementsAre("f:2:3: the quote in this value never ends")) << text;
    }
  }
  EXPECT_THAT(read("\"x\n").errors, ElementsAre("f:1:3: the quote in this value never ends"));
}

TEST(config_document, what_ends_the_file_changes_no_value) {
  for (const char* end : {"", "\n", "\r\n", "\n\n", "\n  \n", "\n# comment\n", "\n...\n"})
    EXPECT_EQ(read(std::string("a: \"x \"") + end).tree, "{a@1:1=x @1:4}@1:1") << end;
  EXPECT_EQ(read("a: |\n  x\n").tree, "{a@1:1=x@1:4}@1:1") << "but for the line break of a block";
}

TEST(config_document, a_tab_in_the_indentation_is_named) {
  EXPECT_THAT(read("a:\n\tb: 1\n").errors, ElementsAre("f:2:1: a tab in the indentation: YAML takes blanks only"));
  EXPECT_THAT(read("a:\n  b: 1\n \tc: 1\n").errors,
              ElementsAre("f:3:2: a tab in the indentation: YAML takes blanks only"));
  EXPECT_THAT(read("a:\tb\n").errors, IsEmpty());
}

TEST(config_document, a_bare_variable_inside_brackets_is_explained) {
  for (const char* text : {"a: [${X}]", "a: {b: ${X}}", "a: [x, ${X:-y}]"})
    EXPECT_THAT(read(text).errors, ElementsAre(testing::EndsWith("; a value with ${…} needs quotes inside brackets")))
        << text;
}

}  // namespace
}  // namespace roombridge::config
