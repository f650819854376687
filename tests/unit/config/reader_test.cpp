// SPDX-License-Identifier: MIT
// How values of the wrong form are refused: each with its place and its exact words.
#include "daemon/config/reader.hpp"

#include <gmock/gmock.h>

#include "tests/unit/config/support.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;

TEST(config_reader, says_what_was_found_and_expected) {
  EXPECT_THAT(errors_of("[a]"), ElementsAre("1:1: found a list, expected a map of keys"));
  EXPECT_THAT(errors_of("just text"), ElementsAre("1:1: found a single value, expected a map of keys"));
  EXPECT_THAT(errors_of("upstream: [a]"), ElementsAre("1:11: upstream: found a list, expected a map of keys"));
  EXPECT_THAT(errors_of("upstream: {url: [a]}"),
              ElementsAre("1:17: upstream.url: found a list, expected a single value"));
  EXPECT_THAT(errors_of("upstream: {url: {a: b}}"),
              ElementsAre("1:17: upstream.url: found a map of keys, expected a single value"));
  EXPECT_THAT(errors_of("rooms: {declared: shop-7}"),
              ElementsAre("1:19: rooms.declared: found a single value, expected a list"));
  EXPECT_THAT(errors_of("rooms: {declared: [[a]]}"),
              ElementsAre("1:20: rooms.declared[0]: found a list, expected a single value"));
  EXPECT_THAT(errors_of("auth: {headers: [a]}"),
              ElementsAre("1:17: auth.headers: found a list, expected a map of keys"));
  EXPECT_THAT(errors_of("events: {rules: [a]}"),
              ElementsAre("1:17: events.rules: found a list, expected a map of keys"));
  EXPECT_THAT(errors_of("events: {rules: {e: [a]}}"),
              ElementsAre("1:21: events.rules.e: found a list, expected a map of keys"));
}

TEST(config_reader, a_key_without_a_value_is_refused_at_the_key) {
  EXPECT_THAT(errors_of("upstream:\n  url:\n\n# and then nothing\n"),
              ElementsAre("2:3: upstream.url: found nothing, expected a single value; an empty text is written \"\""));
  EXPECT_THAT(errors_of("rooms:\n  declared:\n"),
              ElementsAre("2:3: rooms.declared: found nothing, expected a list; an empty list is written []"));
  EXPECT_THAT(errors_of("rooms:\n  accepted:\n"),
              ElementsAre("2:3: rooms.accepted: found nothing, expected a map of keys; an empty map is written {}"));
  EXPECT_THAT(
      errors_of("rooms:\n  declared:\n    - \n    - a\n"),
      ElementsAre("3:5: rooms.declared[0]: found nothing, expected a single value; an empty text is written \"\""));
}

TEST(config_reader, values_are_shown_safely) {
  EXPECT_THAT(errors_of(R"(logging: {level: "a\"\\\n\tb"})"),
              ElementsAre("1:18: logging.level: holds a control character, or is not UTF-8"));
  EXPECT_THAT(errors_of(R"(logging: {level: "a\"\\"})"),
              ElementsAre(R"(1:18: logging.level: "a\"\\": expected one of: trace, debug, info, warning, error)"));
  EXPECT_THAT(errors_of("logging: {level: " + std::string(59, 'x') + "방}"),
              ElementsAre("1:18: logging.level: \"" + std::string(59, 'x') +
                          "…\": expected one of: trace, debug, info, warning, error"));
  EXPECT_THAT(errors_of(R"(log: {"a\nb\e": 1})"),
              ElementsAre(R"(1:7: log: unknown key "a\nb\u001b"; known here: capacity, retained)"));
  // yaml-cpp makes a lone byte of \N.
  EXPECT_THAT(errors_of("log: {\"a\\N방\": 1}"),
              ElementsAre(R"(1:7: log: unknown key "a\x85방"; known here: capacity, retained)"));
  EXPECT_THAT(errors_of("events: {rules: {'my event': {x: 1}}}"),
              ElementsAre("1:31: events.rules.\"my event\": unknown key \"x\"; known here: topics, required, "
                          "repeat_key, retain_key, fields, acknowledge"));
}

TEST(config_reader, the_token_and_a_password_in_a_url_are_not_shown) {
  const auto expected =
      "upstream.token: expected none, {file: PATH}, {env: NAME}, {credential: NAME} or {command: [PROGRAM, "
      "ARGUMENT…]}; the token itself does not "
      "belong into a config";
  for (const char* token : {"eyJhbGciOi", "'${T}'", "[eyJhbGciOi]", "{}", "{file: /a, env: B}", "~"}) {
    EXPECT_THAT(errors_of("upstream: {token: " + std::string(token) + "}", {{"T", "eyJhbGciOi"}}),
                ElementsAre((token[0] == '~' ? "1:12: " : "1:19: ") + std::string(expected)))
        << token;
  }
  EXPECT_THAT(errors_of("upstream: {token: {file: eyJhbGciOi}}"),
              ElementsAre("1:26: upstream.token.file: must be an absolute path"));
  EXPECT_THAT(
      errors_of("upstream: {token: {env: eyJ.hbGciOi}}"),
      ElementsAre(
          "1:25: upstream.token.env: not the name of an environment variable: letters, digits and underscores"));
  EXPECT_THAT(
      errors_of("upstream: {token: {credential: eyJ/hbGciOi}}"),
      ElementsAre(
          "1:32: upstream.token.credential: not the name of a systemd credential: a file name without a directory"));
  EXPECT_THAT(errors_of("upstream: {url: 'https://me:secret@host'}"),
              ElementsAre("1:17: upstream.url: \"https://…@host\": a user or password in the URL would reach logs; the "
                          "token has its own "
                          "key, upstream.token"));
}

TEST(config_reader, lists_and_maps_are_bounded) {
  const auto repeat = [](int times, const std::string& before, const std::string& after) {
    std::string text;
    for (int i = 0; i < times; ++i) text += (i == 0 ? "" : ", ") + before + std::to_string(i) + after;
    return text;
  };
  EXPECT_TRUE(parse("rooms: {declared: [" + repeat(1024, "r", "") + "]}").value);
  EXPECT_THAT(errors_of("rooms: {declared: [" + repeat(1025, "r", "") + "]}"),
              ElementsAre("1:19: rooms.declared: more than 1024 items"));
  EXPECT_THAT(errors_of("auth: {payload: {" + repeat(33, "f", ": x") + "}}"),
              ElementsAre("1:17: auth.payload: more than 32 fields"));
  EXPECT_THAT(errors_of("events: {rules: {" + repeat(1025, "e", ": {}") + "}}"),
              ElementsAre("1:17: events.rules: more than 1024 events"));
  EXPECT_THAT(errors_of("events: {rules: {e: {topics: [" + repeat(33, "t", "") + "]}}}"),
              ElementsAre("1:30: events.rules.e.topics: more than 32 items"));
}

TEST(config_reader, names_that_the_user_chose_are_checked) {
  EXPECT_THAT(errors_of("events:\n  rules:\n    connect: {}\n    '': {}\n"),
              ElementsAre("3:5: events.rules: \"connect\": Socket.IO keeps this name to itself; no event can have it",
                          "4:5: events.rules: \"\": must not be empty"));
  EXPECT_THAT(errors_of("auth: {payload: {'': x, \"a\\0b\": y}}"),
              ElementsAre("1:18: auth.payload: \"\": must not be empty",
                          "1:25: auth.payload: \"a\\u0000b\": holds a control character"));
}

TEST(config_reader, all_errors_come_at_once_in_the_files_order) {
  EXPECT_THAT(
      errors_of("log:\n  capacity: 1MiB\n  capacity: 3MiB\nlogging: {level: loud}\nupstream:\n  path: x\nnope: 1\n"),
      ElementsAre("2:13: log.capacity: \"1MiB\": out of range: 2MiB to 1GiB",
                  "3:3: the key \"capacity\" stands twice; first at line 2, column 3",
                  "4:18: logging.level: \"loud\": expected one of: trace, debug, info, warning, error",
                  "6:9: upstream.path: \"x\": must begin with a slash",
                  "7:1: unknown key \"nope\"; known here: upstream, auth, rooms, events, emits, local, subscribers, "
                  "log, journal, logging"));
}

TEST(config_reader, more_than_twenty_errors_are_counted) {
  std::string text = "rooms:\n  declared:\n";
  for (int i = 0; i < 23; ++i) text += "    - ''\n";
  const auto errors = errors_of(text);
  ASSERT_EQ(errors.size(), 21u);
  EXPECT_EQ(errors[19], "22:7: rooms.declared[19]: \"\": must not be empty");
  EXPECT_EQ(errors[20], "3 more errors are not shown");
}

TEST(config_reader, impossible_values_are_refused) {
  EXPECT_THAT(errors_of("upstream: {connect_timeout: 20}"),
              ElementsAre("1:29: upstream.connect_timeout: \"20\": a duration needs its unit: ms, s, min or h"));
  EXPECT_THAT(errors_of("upstream: {connect_timeout: 0s}"),
              ElementsAre("1:29: upstream.connect_timeout: \"0s\": out of range: 10ms to 1h"));
  EXPECT_THAT(errors_of("upstream: {transports: []}"), ElementsAre("1:24: upstream.transports: is empty"));
  EXPECT_THAT(errors_of("upstream: {transports: [polling, polling]}"),
              ElementsAre("1:34: upstream.transports[1]: \"polling\" stands in the list twice"));
  EXPECT_THAT(errors_of("upstream: {transports: [webtransport]}"),
              ElementsAre("1:25: upstream.transports[0]: \"webtransport\": expected one of: websocket, polling"));
  EXPECT_THAT(errors_of("upstream: {receive_limit: 1KiB}"),
              ElementsAre("1:27: upstream.receive_limit: \"1KiB\": out of range: 64KiB to 256MiB"));
  EXPECT_THAT(errors_of("upstream: {reconnect: {first: 0s}}"),
              ElementsAre("1:31: upstream.reconnect.first: \"0s\": out of range: 10ms to 24h"));
  EXPECT_THAT(errors_of("auth: {request: ''}"), ElementsAre("1:17: auth.request: \"\": must not be empty"));
  EXPECT_THAT(errors_of("rooms: {declared: [a, b, a]}"),
              ElementsAre("1:26: rooms.declared[2]: \"a\" stands in the list twice"));
  EXPECT_THAT(errors_of("rooms: {own: 'user-{userId'}"),
              ElementsAre("1:14: rooms.own: \"user-{userId\": the braces do not match: {field} is a placeholder, {{ "
                          "and }} are braces"));
  EXPECT_THAT(errors_of("rooms: {payload: {room: '{token}'}}"),
              ElementsAre("1:25: rooms.payload.room: \"{token}\": placeholders here are {room} and fields of the "
                          "authentication's answer, not "
                          "{token}; not \"{token}\""));
  EXPECT_THAT(errors_of("events: {unknown: keep}"),
              ElementsAre("1:19: events.unknown: \"keep\": expected one of: deliver, drop"));
  EXPECT_THAT(errors_of("local: {socket: run/x.sock}"),
              ElementsAre("1:17: local.socket: \"run/x.sock\": must be an absolute path"));
  EXPECT_THAT(errors_of("local: {mode: 888}"),
              ElementsAre("1:15: local.mode: \"888\": not a file mode: a 0 and three octal digits, such as \"0660\""));
  EXPECT_THAT(errors_of("local: {connections: 0}"),
              ElementsAre("1:22: local.connections: \"0\": out of range: 1 to 65536"));
  EXPECT_THAT(errors_of("local: {ping: {interval: 5ms, deadline: 0s}}"),
              ElementsAre("1:26: local.ping.interval: \"5ms\": out of range: 100ms to 24h, or 0s for never",
                          "1:41: local.ping.deadline: \"0s\": out of range: 10ms to 1h"));
  EXPECT_THAT(errors_of("log: {capacity: 2GiB}"),
              ElementsAre("1:17: log.capacity: \"2GiB\": out of range: 2MiB to 1GiB"));
}

TEST(config_reader, a_file_that_cannot_be_a_config) {
  EXPECT_THAT(errors_of(std::string(max_file_size + 1, ' ')),
              ElementsAre("larger than 1048576 bytes, which no config needs"));
  EXPECT_TRUE(parse(std::string(max_file_size, ' ')).value);
  EXPECT_THAT(errors_of("log:\n  capacity: 3MiB \xff\n"),
              ElementsAre("2:18: not UTF-8: save the file in that encoding; the byte is 0xff"));
  // Without a check before it, the YAML library takes this character for the end of the file.
  EXPECT_THAT(errors_of("log: {}\n\x04nonsense: 1\n"),
              ElementsAre("2:1: a control character that cannot stand in a config: 0x04"));
  EXPECT_THAT(errors_of("\xff\xfel\0o\0g\0"),
              ElementsAre("1:1: not UTF-8: save the file in that encoding; the byte is 0xff"));
}

}  // namespace
}  // namespace roombridge::config
