// SPDX-License-Identifier: MIT
#include "daemon/config/substitute.hpp"

#include <gmock/gmock.h>

#include "tests/unit/config/support.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;

std::string outcome(std::string_view written) {
  const auto result = substitute(written, [](std::string_view name) -> std::optional<std::string> {
    if (name == "EMPTY") return "";
    if (name == "NAME") return "value";
    if (name == "NESTED") return "${NAME}";
    if (name == "HUGE") return std::string(max_value_size, 'h');
    return std::nullopt;
  });
  const auto* wrong = std::get_if<problem>(&result);
  return wrong != nullptr ? "! " + wrong->text : std::get<substituted>(result).text;
}

TEST(config_substitute, puts_variables_in) {
  EXPECT_EQ(outcome("${NAME}"), "value");
  EXPECT_EQ(outcome("a-${NAME}-${NAME}-z"), "a-value-value-z");
  EXPECT_EQ(outcome("${EMPTY}"), "");
  EXPECT_EQ(outcome("nothing to do"), "nothing to do");
  EXPECT_EQ(outcome(""), "");
}

TEST(config_substitute, a_default_stands_for_unset_and_empty) {
  EXPECT_EQ(outcome("${UNSET:-http://localhost:3001}"), "http://localhost:3001");
  EXPECT_EQ(outcome("${EMPTY:-x}"), "x");
  EXPECT_EQ(outcome("${NAME:-x}"), "value");
  EXPECT_EQ(outcome("${UNSET:-}"), "");
  EXPECT_EQ(outcome("${UNSET:-user-{userId}}!"), "user-{userId}!");
  EXPECT_EQ(outcome("${NAME:-user-{userId}}!"), "value!");
  EXPECT_EQ(outcome("${UNSET:-a:-b}"), "a:-b");
}

TEST(config_substitute, dollars_that_mean_themselves) {
  EXPECT_EQ(outcome("$${NAME}"), "${NAME}");
  EXPECT_EQ(outcome("$$${NAME}"), "$${NAME}");
  EXPECT_EQ(outcome("$"), "$");
  EXPECT_EQ(outcome("$$"), "$$");
  EXPECT_EQ(outcome("$NAME 5$"), "$NAME 5$");
  EXPECT_EQ(outcome("{NAME}"), "{NAME}");
}

TEST(config_substitute, a_value_is_not_looked_into) {
  EXPECT_EQ(outcome("${NESTED}"), "${NAME}");
}

TEST(config_substitute, refuses_what_is_not_a_reference) {
  EXPECT_EQ(outcome("${UNSET}"), "! the environment variable UNSET is not set; set it, or write ${UNSET:-default}");
  for (const char* text : {"${NAME", "a${", "${UNSET:-{}"})
    EXPECT_EQ(outcome(text), "! ${ without its closing brace; a literal ${ is written $${") << text;
  for (const char* text : {"${}", "${1A}", "${A B}", "${NAME-x}", "${:-x}", "${${NAME}}"}) {
    EXPECT_EQ(outcome(text),
              "! ${…} needs the name of an environment variable, as in ${NAME} or ${NAME:-default}; a literal ${ is "
              "written $${")
        << text;
  }
  EXPECT_EQ(outcome("${A:-${NAME}}"),
            "! the default of ${A:-…} holds another variable; only literal text can stand there");
}

TEST(config_substitute, is_bounded) {
  EXPECT_EQ(outcome("${HUGE}").size(), max_value_size);
  EXPECT_EQ(outcome("${HUGE}x"), "! longer than 4096 bytes");
  EXPECT_EQ(outcome(std::string(4097, 'x')), "! longer than 4096 bytes");
}

// From here on: within a config.

TEST(config_substitute, works_in_every_kind_of_value) {
  const variables environment{
      {"URL", "https://api.example.com"}, {"N", "7"}, {"T", "3s"}, {"B", "false"}, {"TOPIC", "t-{id}"}};
  const settings value = parse(
                             "upstream: {url: '${URL}', connect_timeout: '${T}', compression: '${B}'}\n"
                             "rooms: {declared: ['shop-${N}']}\n"
                             "events: {rules: {e: {topics: ['${TOPIC}']}}}\n"
                             "local: {connections: '${N}'}\n",
                             environment)
                             .value.value();
  EXPECT_EQ(value.upstream.url, "https://api.example.com");
  EXPECT_EQ(value.upstream.connect_timeout, std::chrono::seconds(3));
  EXPECT_FALSE(value.upstream.compression);
  EXPECT_THAT(value.upstream.rooms.declared, ElementsAre("shop-7"));
  EXPECT_THAT(value.events.rules.front().topics, ElementsAre("t-{id}"));
  EXPECT_EQ(value.local.connections, 7u);
}

TEST(config_substitute, a_value_cannot_become_structure) {
  const variables environment{{"X", "[a, b]"}, {"Y", "k: v\nz"}};
  EXPECT_THAT(parse("rooms: {own: '${X}'}", environment).value.value().upstream.rooms.own, "[a, b]");
  EXPECT_THAT(errors_of("rooms: {declared: '${X}'}", environment),
              ElementsAre("1:19: rooms.declared: found a single value, expected a list"));
  EXPECT_THAT(errors_of("rooms: {own: '${Y}'}", environment),
              ElementsAre("1:14: rooms.own: from Y: holds a control character, or is not UTF-8"));
}

TEST(config_substitute, keys_are_literal) {
  EXPECT_THAT(errors_of("${X}: 1", {{"X", "upstream"}}),
              ElementsAre("1:1: unknown key \"${X}\"; known here: upstream, auth, rooms, events, emits, local, "
                          "subscribers, log, journal, logging"));
  const auto rules = parse("events: {rules: {'${X}': {}}}").value.value().events.rules;
  EXPECT_EQ(rules.front().name, "${X}");
}

TEST(config_substitute, an_error_shows_the_value_and_whence_it_came) {
  const variables given{{"ROOMBRIDGE_URL", "htp://api:80"}, {"A", "1"}, {"B", "x"}};
  EXPECT_THAT(errors_of("upstream: {url: '${ROOMBRIDGE_URL:-http://localhost:3001}'}", given),
              ElementsAre("1:17: upstream.url: \"htp://api:80\", from ROOMBRIDGE_URL: the URL must begin with http://, "
                          "https://, ws:// or wss://"));
  EXPECT_THAT(
      errors_of("auth: {timeout: '${A}${B}${A}'}", given),
      ElementsAre("1:17: auth.timeout: \"1x1\", from A and B: not a duration: a whole number and ms, s, min or h, "
                  "without blanks"));
  EXPECT_THAT(errors_of("auth: {timeout: '${UNSET:-soon}'}", given),
              ElementsAre("1:17: auth.timeout: \"soon\": not a duration, such as 250ms, 1s, 5min or 2h"));
}

TEST(config_substitute, an_error_shows_nothing_of_a_variable_that_may_be_a_secret) {
  const variables secret{{"S", "hunter2"}, {"P", "{hunter2}"}, {"R", "\xffhunter2"}, {"K", " hunter2"}};
  EXPECT_THAT(errors_of("upstream: {headers: {X-Key: '${K}'}}", secret),
              ElementsAre("1:29: upstream.headers.X-Key: from K: blanks around it would be lost on the way"));
  EXPECT_THAT(errors_of("auth: {payload: {a: '${P}'}}", secret),
              ElementsAre("1:21: auth.payload.a: \"${P}\": the only placeholder here is {token}"));
  EXPECT_THAT(errors_of("rooms: {declared: ['${S}', '${S}']}", secret),
              ElementsAre("1:28: rooms.declared[1]: \"${S}\" stands in the list twice"));
  EXPECT_THAT(errors_of("rooms: {own: '${R}'}", secret),
              ElementsAre("1:14: rooms.own: from R: holds a control character, or is not UTF-8"));
  EXPECT_THAT(
      errors_of("rooms: {own: '${NONE}'}", secret),
      ElementsAre("1:14: rooms.own: the environment variable NONE is not set; set it, or write ${NONE:-default}"));
}

}  // namespace
}  // namespace roombridge::config
