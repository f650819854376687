// SPDX-License-Identifier: MIT
// The config as a whole: defaults, every key read, compared and written, relations between keys.
#include "daemon/config/parse.hpp"

#include <gmock/gmock.h>

#include "daemon/config/changes.hpp"
#include "daemon/config/schema.hpp"
#include "tests/unit/config/emitter.hpp"
#include "tests/unit/config/other_values.hpp"
#include "tests/unit/config/support.hpp"

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(config, nothing_gives_the_defaults) {
  for (const char* text : {"", "# only a comment\n", "---\n", "{}", "upstream:\nlocal: {admins: }\n", "\xef\xbb\xbf"}) {
    const reading result = parse(text);
    ASSERT_TRUE(result.value) << text << result.errors.front().to_string();
    EXPECT_EQ(*result.value, settings{}) << text;
  }
}

TEST(config, reads_every_key_into_its_own_field_and_no_other) {
  for (const auto& key : schema()) {
    const auto other = other_values.find(key.path);
    ASSERT_NE(other, other_values.end()) << key.path;
    const reading result = parse(other->second);
    ASSERT_TRUE(result.value) << key.path << ": " << result.errors.front().to_string();
    const auto needed = prerequisites.find(key.path);
    const settings before = needed == prerequisites.end() ? settings{} : parse(needed->second).value.value();
    EXPECT_THAT(changed_keys(before, *result.value), ElementsAre(key.path));
    EXPECT_NE(*result.value, settings{}) << key.path;
  }
  EXPECT_EQ(other_values.size(), schema().size());
}

TEST(config, reads_values) {
  const auto value_of = [](const char* key) { return parse(other_values.at(key)).value.value(); };
  EXPECT_EQ(value_of("upstream.url").upstream.url, "wss://api.example.com:8443");
  EXPECT_EQ(value_of("upstream.connect_timeout").upstream.connect_timeout, 120s);
  EXPECT_EQ(value_of("upstream.receive_limit").upstream.receive_limit, 1u << 20);
  EXPECT_THAT(value_of("upstream.transports").upstream.transports,
              ElementsAre(upstream::transport_kind::polling, upstream::transport_kind::websocket));
  EXPECT_EQ(value_of("upstream.reconnect.first").upstream.reconnect.first, 250ms);
  EXPECT_EQ(value_of("upstream.token").upstream.token, upstream::token_options(upstream::token_environment{"TOKEN"}));
  EXPECT_EQ(value_of("auth.payload").upstream.auth.payload,
            (upstream::payload_template{{"jwt", "{token}"}, {"kind", "shop"}}));
  EXPECT_EQ(value_of("rooms.own").upstream.rooms.own, "");
  EXPECT_THAT(value_of("rooms.declared").upstream.rooms.declared,
              ElementsAre("shop-7", upstream::room_name::of_number("42"), "42"));
  EXPECT_EQ(value_of("rooms.linger").upstream.rooms.linger, 0s);
  EXPECT_EQ(value_of("rooms.accepted").upstream.rooms.accepted, (upstream::text_fields{{"ok", "true"}, {"error", ""}}));
  EXPECT_FALSE(value_of("events.unknown").events.deliver_unknown);
  EXPECT_THAT(value_of("events.rules").events.rules,
              ElementsAre(events::event_rule{
                  "news", {"news-{id}", "all"}, {"id"}, {"id", "at"}, {"id"}, {"id"}, events::acknowledge::received}));
  EXPECT_THAT(value_of("emits.hold").upstream.hold,
              ElementsAre(upstream::hold_rule{"a", 7, 4096, 30s}, upstream::hold_rule{"b", 100, 1u << 20, 60s}));
  EXPECT_EQ(value_of("local.mode").local.mode, mode_t{0600});
  EXPECT_THAT(value_of("local.admins.users").local.admin_users, ElementsAre("alice", "1000"));
  EXPECT_THAT(value_of("local.access").local.access,
              ElementsAre(local::access_rule{{"alice"}, {}, false, {"order"}, {"shop-*"}, {}, {}},
                          local::access_rule{{}, {"tills", "33"}, true, {}, {}, {"table-7"}, {"*"}}));
  EXPECT_EQ(value_of("log.capacity").log_capacity, 2u << 20);
  EXPECT_EQ(value_of("logging.level").level, log_level::debug);
}

TEST(config, a_payload_has_the_shape_that_the_file_gives_it) {
  using upstream::payload_template;
  using list = payload_template::list;
  using map = payload_template::map;
  const auto payload = [](const std::string& text) {
    const auto result = parse("rooms:\n  payload: " + text + '\n', {{"N", "7"}});
    return result.value ? result.value->upstream.rooms.payload : payload_template{{"!", result.errors[0].to_string()}};
  };
  const auto text = [](std::string of) { return payload_template(std::move(of)); };
  const auto literal = [](std::string json) { return payload_template(payload_template::literal{std::move(json)}); };
  EXPECT_EQ(payload("'{room}'"), text("{room}"));
  EXPECT_EQ(payload("['{userId}', '{room}', [], {}]"),
            payload_template(list{text("{userId}"), text("{room}"), payload_template(list{}), payload_template{}}));
  EXPECT_EQ(
      payload("{a: {b: '{room}', c: [1, x]}}"),
      payload_template(map{{"a", payload_template(map{{"b", text("{room}")},
                                                      {"c", payload_template(list{literal("1"), text("x")})}})}}));
  for (const char* json : {"3", "-1.50e3", "0", "true", "false", "12345678901234567890"})
    EXPECT_EQ(payload(json), literal(json)) << json;
  for (const char* word : {"null", "~", "Null"}) {
    EXPECT_EQ(payload("[" + std::string(word) + "]"), payload_template(list{literal("null")})) << word;
    EXPECT_EQ(payload("{a: " + std::string(word) + "}"), payload_template(map{{"a", literal("null")}})) << word;
  }
  EXPECT_EQ(payload("TRUE"), literal("true"));
  for (const char* words : {"yes", "1.2.3", "2026-01-01", "+", "1e", "e7", ".", "0x", "on"})
    EXPECT_EQ(payload(words), text(words)) << words;
  for (const char* quoted : {"3", "true", "null", "007", ""})
    EXPECT_EQ(payload('"' + std::string(quoted) + '"'), text(quoted));
  EXPECT_EQ(payload("${N}"), literal("7"));
  EXPECT_EQ(payload("'${N}'"), text("7"));
}

TEST(config, a_payload_that_cannot_be_sent) {
  const auto errors = [](const std::string& text) { return errors_of("rooms:\n  payload: " + text + '\n'); };
  for (const char* number : {"007", "+3", "0x1F", "0o7", ".5", "1.", ".inf", "-.INF", ".nan", "01.5"}) {
    EXPECT_THAT(errors(number),
                ElementsAre("2:12: rooms.payload: \"" + std::string(number) +
                            "\": YAML takes this for a number, but JSON cannot send it so; in quotes it is a text"));
  }
  EXPECT_THAT(errors("{room}"),
              ElementsAre("2:13: rooms.payload.room: has no value; null is written null, and a placeholder such as "
                          "\"{room}\" stands in quotes"));
  EXPECT_THAT(errors(""), ElementsAre(testing::HasSubstr(
                              "rooms.payload: found nothing; no argument at all is written [], and one that is null")));
  EXPECT_THAT(errors("{a: ['{token}']}"), ElementsAre(testing::StartsWith("2:17: rooms.payload.a[0]: ")));
  EXPECT_THAT(errors_of("auth: {payload: {a: {b: '{tokn}'}}}"),
              ElementsAre("1:25: auth.payload.a.b: \"{tokn}\": the only placeholder here is {token}; not \"{tokn}\""));
}

TEST(config, the_field_that_names_the_user_goes_with_the_identity) {
  const auto field = [](const char* text) { return parse(text).value.value().upstream.auth.user_field; };
  EXPECT_EQ(field("auth: {identity: claims}"), "sub");
  EXPECT_EQ(field("auth: {user_field: '', identity: claims}"), "sub");
  EXPECT_EQ(field("auth: {user_field: uid, identity: claims}"), "uid");
  EXPECT_EQ(field("auth: {user_field: ''}"), "userId");
  EXPECT_EQ(field("auth: {user_field: user.id}"), "user.id");
}

TEST(config, only_a_request_is_acknowledged) {
  EXPECT_THAT(
      errors_of("auth:\n  mode: header\n  accepted: {ok: true}\n"),
      ElementsAre("3:13: auth.accepted is about the acknowledgement of auth.request, which is not sent by auth.mode"));
}

TEST(config, the_payload_of_connect_is_a_map) {
  EXPECT_THAT(errors_of("auth:\n  mode: connect\n  payload: '{token}'\n"),
              ElementsAre("3:12: auth.payload must be a map, as CONNECT carries one, with auth.mode"));
  EXPECT_THAT(errors_of("auth:\n  payload: ['{token}']\n"), IsEmpty());
}

TEST(config, a_room_without_quotes_is_a_number_if_it_looks_like_one) {
  EXPECT_THAT(errors_of("rooms: {declared: [42, 42]}"),
              ElementsAre("1:24: rooms.declared[1]: \"42\" stands in the list twice"));
  for (const char* room : {"4.2", "true", "9007199254740993", "-0", "1e3"}) {
    EXPECT_THAT(
        errors_of("rooms: {declared: [" + std::string(room) + "]}"),
        ElementsAre("1:20: rooms.declared[0]: \"" + std::string(room) +
                    "\": without quotes this is no text, and a room that is a number is a whole one, at most 2^53"));
  }
  EXPECT_THAT(errors_of("rooms: {declared: [042]}"), ElementsAre(testing::HasSubstr("in quotes it is a text")));
}

TEST(config, every_source_of_the_token) {
  const auto token = [](const std::string& text) {
    return parse("upstream: {token: " + text + "}").value.value().upstream.token;
  };
  EXPECT_EQ(token("none"), upstream::token_options(upstream::token_none{}));
  EXPECT_EQ(token("{file: /run/token}"), upstream::token_options(upstream::token_file{"/run/token"}));
  EXPECT_EQ(token("{env: T}"), upstream::token_options(upstream::token_environment{"T"}));
  EXPECT_EQ(token("{credential: t}"), upstream::token_options(upstream::token_credential{"t"}));
  EXPECT_EQ(token("{command: [/bin/get, -v, -v, '']}"),
            upstream::token_options(upstream::token_command{{"/bin/get", "-v", "-v", ""}, 10s}));
  EXPECT_EQ(token("{timeout: 1min, command: [/bin/get]}"),
            upstream::token_options(upstream::token_command{{"/bin/get"}, 1min}));
}

TEST(config, a_token_command_that_cannot_be_one) {
  const auto error = [](const std::string& text) { return errors_of("upstream: {token: " + text + "}"); };
  const std::string path = "must begin with the absolute path of a program; its arguments follow it, there is no shell";
  EXPECT_THAT(error("{command: [get-token]}"), ElementsAre("1:29: upstream.token.command: " + path));
  EXPECT_THAT(error("{command: []}"), ElementsAre("1:29: upstream.token.command: " + path));
  EXPECT_THAT(error("{command: /bin/get}"), ElementsAre(testing::HasSubstr("expected a list")));
  EXPECT_THAT(error("{command: [/bin/get], timeout: 1h}"), ElementsAre(testing::HasSubstr("out of range")));
  for (const char* text : {"{timeout: 1s}", "{file: /x, timeout: 1s}", "{command: [/x], file: /x}", "{}"})
    EXPECT_THAT(error(text), testing::Not(IsEmpty())) << text;
}

TEST(config, access_rules_that_say_nothing) {
  EXPECT_THAT(errors_of("local:\n  access:\n    - {events: ['*'], topics: ['*']}\n    - {everyone: false}\n"),
              ElementsAre("3:7: local.access[0]: names nobody: a rule has users, groups, or everyone: true",
                          "4:7: local.access[1]: names nobody: a rule has users, groups, or everyone: true"));
  EXPECT_THAT(errors_of("local: {access: [{everyone: true, events: [order]}]}"),
              ElementsAre("1:18: local.access[0]: events and topics need each other: what may be seen has one of these "
                          "names and one of these topics; \"*\" is all"));
  EXPECT_THAT(errors_of("local: {access: [{user: [alice]}]}"),
              ElementsAre("1:18: local.access[0]: names nobody: a rule has users, groups, or everyone: true",
                          "1:19: local.access[0]: unknown key \"user\"; did you mean \"users\"?"));
  EXPECT_THAT(errors_of("local: {access: [{everyone: yes, events: ['a*b'], topics: ['*']}]}"),
              ElementsAre("1:29: local.access[0].everyone: \"yes\": expected true or false",
                          "1:43: local.access[0].events[0]: \"a*b\": not a pattern: a name, or a prefix and one * at "
                          "its end"));
  EXPECT_THAT(errors_of("local: {access: [everyone]}"),
              ElementsAre("1:18: local.access[0]: found a single value, expected a map of keys"));
  EXPECT_THAT(errors_of("local: {access: {everyone: true}}"), ElementsAre(testing::HasSubstr("expected a list")));
  EXPECT_THAT(errors_of("local: {access: []}"), IsEmpty());
}

TEST(config, what_is_written_reads_as_the_same) {
  settings all;
  for (const auto& key : schema()) {
    const settings one = parse(other_values.at(key.path)).value.value();
    const reading result = parse(emit(one));
    ASSERT_TRUE(result.value) << result.errors.front().to_string();
    EXPECT_EQ(*result.value, one) << emit(one);
  }
  all.upstream.rooms.declared = {"a \"quoted\" one", "back\\slash", "$$", "방-7"};
  all.upstream.auth.payload = {{"${key}", "$$${{x}}$ {token}"}};
  EXPECT_EQ(parse(emit(all)).value, all) << emit(all);
}

TEST(config, a_field_to_subscribe_by_is_bounded) {
  EXPECT_THAT(
      errors_of("events: {rules: {a: {fields: [a=b]}}}"),
      ElementsAre("1:31: events.rules.a.fields[0]: \"a=b\": programs cannot subscribe by a field with = in its name"));
  std::string many;
  for (int i = 0; i < 17; ++i) many += "f" + std::to_string(i) + ", ";
  EXPECT_THAT(errors_of("events: {rules: {a: {fields: [" + many + "]}}}"),
              ElementsAre("1:30: events.rules.a.fields: more than 16 items"));
}

TEST(config, a_rule_for_a_reserved_event_is_refused) {
  EXPECT_THAT(
      errors_of("auth: {success: hello}\nevents:\n  rules:\n    auth_success: {}\n    hello: {}\n"),
      ElementsAre(
          "5:5: events.rules.hello: an event of authentication or of rooms is never delivered; take the rule out"));
  EXPECT_THAT(
      errors_of("emits:\n  hold:\n    join_room: {}\n"),
      ElementsAre(
          "3:5: emits.hold.join_room: an event of authentication or of rooms cannot be sent; take the rule out"));
}

TEST(config, keys_that_contradict_each_other_are_refused) {
  EXPECT_THAT(errors_of("upstream:\n  reconnect:\n    max: 2s\n    first: 3s\n"),
              ElementsAre("4:12: upstream.reconnect.first is longer than upstream.reconnect.max"));
  EXPECT_THAT(errors_of("upstream: {reconnect: {max: 500ms}}"),
              ElementsAre("1:29: upstream.reconnect.first is longer than upstream.reconnect.max; "
                          "upstream.reconnect.first has its default"));
  EXPECT_THAT(errors_of("upstream: {reconnect: {first: 10s, max: 1min, refused_max: 9s}}"),
              ElementsAre("1:31: upstream.reconnect.first is longer than upstream.reconnect.refused_max"));
  EXPECT_THAT(errors_of("auth: {success: auth_error}"),
              ElementsAre("1:17: auth.success is the same event as auth.error; auth.error has its default"));
  EXPECT_THAT(errors_of("upstream: {tls: {key_file: /k.pem}}"),
              ElementsAre("1:28: upstream.tls.key_file is of no use without upstream.tls.certificate_file; "
                          "upstream.tls.certificate_file has its default"));
  EXPECT_THAT(
      errors_of("upstream: {headers: {authorization: x}}\nauth: {mode: header}"),
      ElementsAre("1:21: auth.headers has a header that stands in upstream.headers; auth.headers has its default"));
  EXPECT_THAT(
      errors_of("upstream: {query: {token: x}}\nauth: {mode: query}"),
      ElementsAre("1:19: auth.query has a parameter that stands in upstream.query; auth.query has its default"));
  EXPECT_THAT(errors_of("upstream: {headers: {authorization: x}, query: {token: x}}"), IsEmpty());
  EXPECT_THAT(errors_of("rooms: {leave: join_room}"),
              ElementsAre("1:16: rooms.join is the same event as rooms.leave; rooms.join has its default"));
}

TEST(config, a_way_that_others_can_read_is_refused_unless_it_is_meant) {
  const std::string reads = ": whoever is on it reads the token and every event, and can pretend to be the server";
  EXPECT_THAT(
      errors_of("upstream:\n  url: ws://api.example.com:8080\n"),
      ElementsAre("2:8: upstream.url: ws://api.example.com is another machine, and the way is not encrypted" + reads +
                  "; write https:// or wss:// in upstream.url, or upstream.insecure: true where the whole way "
                  "can be trusted"));
  EXPECT_THAT(errors_of("upstream: {url: '${SERVER}'}", {{"SERVER", "http://10.0.0.3"}}),
              ElementsAre(HasSubstr("upstream.url, from SERVER: http://10.0.0.3 is another machine")));
  EXPECT_THAT(errors_of("upstream: {proxy: {url: 'http://proxy.example:3128'}}"),
              ElementsAre(testing::AllOf(HasSubstr("upstream.proxy.url: http://localhost leaves this machine"),
                                         HasSubstr("http://proxy.example:3128"))));
  EXPECT_THAT(errors_of("upstream: {url: 'https://api.example.com', tls: {verify: false}}"),
              ElementsAre(HasSubstr("upstream.tls.verify: false, and https://api.example.com is another machine")));
  EXPECT_THAT(errors_of("upstream: {url: 'http://api.example.com', insecure: true}"), IsEmpty());
  EXPECT_THAT(errors_of("upstream: {url: 'https://api.example.com', tls: {verify: false}, insecure: true}"), IsEmpty());
}

TEST(config, where_nothing_tells_the_user_no_room_needs_it) {
  EXPECT_THAT(
      errors_of("auth: {identity: none}"),
      testing::UnorderedElementsAre("1:18: rooms.own names a field of the answer, and there is none by auth.identity; "
                                    "rooms.own has its default",
                                    "1:18: rooms.payload names a field of the answer, and there is none by "
                                    "auth.identity; rooms.payload has its default"));
  EXPECT_THAT(errors_of("auth: {identity: none}\nrooms: {own: lobby, payload: {roomId: '{room}', by: 'till {room}'}}"),
              IsEmpty());
  EXPECT_THAT(errors_of("auth: {identity: claims}"), IsEmpty());
}

TEST(config, a_refused_key_is_not_held_against_another) {
  EXPECT_THAT(errors_of("upstream: {reconnect: {first: soon, max: 500ms}}"),
              ElementsAre("1:31: upstream.reconnect.first: \"soon\": not a duration, such as 250ms, 1s, 5min or 2h"));
}

TEST(config, an_error_names_its_place) {
  EXPECT_EQ((error{"/etc/c.yaml", 3, 7, "what"}).to_string(), "/etc/c.yaml:3:7: what");
  EXPECT_EQ((error{"/etc/c.yaml", 0, 0, "what"}).to_string(), "/etc/c.yaml: what");
  EXPECT_EQ(parse("x: 1").errors.front().to_string().substr(0, 11), "c.yaml:1:1:");
}

}  // namespace
}  // namespace roombridge::config
