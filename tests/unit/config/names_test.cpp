// SPDX-License-Identifier: MIT
#include "daemon/config/names.hpp"

#include <gtest/gtest.h>

#include "daemon/upstream/reserved_names.hpp"
#include "tests/unit/config/outcome.hpp"

namespace roombridge::config {
namespace {

text_result text_room(std::string_view text) {
  const auto room = declared_room(text, false);
  if (const auto* wrong = std::get_if<problem>(&room)) return *wrong;
  return std::get<upstream::room_name>(room).text;
}

const std::string longest(256, 'x');

TEST(config_names, events_and_fields_and_rooms) {
  for (const auto& rule : {event_name, field_name, text_room}) {
    EXPECT_EQ(outcome(rule, "reservation_update"), "reservation_update");
    EXPECT_EQ(outcome(rule, "예약 7"), "예약 7");
    EXPECT_EQ(outcome(rule, longest), longest);
    EXPECT_EQ(outcome(rule, ""), "! must not be empty");
    EXPECT_EQ(outcome(rule, longest + "x"), "! longer than 256 bytes");
  }
  for (const auto name : upstream::socketio_names)
    EXPECT_EQ(outcome(event_name, name), "! Socket.IO keeps this name to itself; no event can have it");
  EXPECT_EQ(outcome(event_name, "connection"), "connection");
  for (const char* room : {"user-{userId}", "{", "}"}) {
    EXPECT_EQ(outcome(text_room, room),
              "! a declared room is literal, without braces; the template of the user's own room is rooms.own");
  }
}

TEST(config_names, patterns_and_plain_text) {
  for (const char* text : {"shop-7", "shop-*", "*"}) EXPECT_EQ(outcome(name_pattern, text), text);
  EXPECT_EQ(outcome(name_pattern, ""), "! must not be empty");
  for (const char* text : {"a*b", "**", "*a"})
    EXPECT_EQ(outcome(name_pattern, text), "! not a pattern: a name, or a prefix and one * at its end") << text;
  EXPECT_EQ(outcome(plain_text, ""), "");
  EXPECT_EQ(outcome(plain_text, "true"), "true");
  EXPECT_EQ(outcome(plain_text, longest + "x"), "! longer than 256 bytes");
}

TEST(config_names, accounts) {
  EXPECT_EQ(outcome(account_name, "www-data"), "www-data");
  EXPECT_EQ(outcome(account_name, "1000"), "1000");
  EXPECT_EQ(outcome(account_name, ""), "! must not be empty");
  for (const char* text : {"a b", "a:b", "a/b", "a,b"})
    EXPECT_EQ(outcome(account_name, text), "! not the name or number of an account") << text;
  EXPECT_EQ(outcome(account_or_nothing, ""), "");
  EXPECT_EQ(outcome(account_or_nothing, "a b"), "! not the name or number of an account");
}

TEST(config_names, variables_and_credentials) {
  EXPECT_EQ(outcome(variable_name, "_Token2"), "_Token2");
  for (const char* text : {"", "2X", "A-B", "A B", "$A", "é"})
    EXPECT_EQ(outcome(variable_name, text),
              "! not the name of an environment variable: letters, digits and underscores")
        << text;
  EXPECT_FALSE(is_variable_name(std::string(129, 'A')));
  EXPECT_EQ(outcome(credential_name, "token.jwt"), "token.jwt");
  for (const char* text : {".", "..", "a/b", "/a"})
    EXPECT_EQ(outcome(credential_name, text), "! not the name of a systemd credential: a file name without a directory")
        << text;
}

TEST(config_names, pins) {
  const std::string pin = "5PrGsIyjbfhXyuYjnV0IAXqPISw9sjCJlvI5HYXTM5I=";
  EXPECT_EQ(outcome(key_pin, pin), pin);
  EXPECT_EQ(outcome(key_pin, "/+" + pin.substr(2)), "/+" + pin.substr(2));
  for (const std::string& text : {std::string(), pin + "=", pin.substr(1), pin.substr(0, 43) + "A", "sha256/" + pin,
                                  "_" + pin.substr(1), "-" + pin.substr(1)})
    EXPECT_EQ(outcome(key_pin, text), "! not the SHA-256 of a public key in base64: 43 characters and \"=\"") << text;
}

TEST(config_names, paths) {
  EXPECT_EQ(outcome(absolute_path, "/etc/roombridge/token"), "/etc/roombridge/token");
  for (const char* text : {"", "token", "./token", "~/token"})
    EXPECT_EQ(outcome(absolute_path, text), "! must be an absolute path");
  for (const char* text : {"/", "/etc/"})
    EXPECT_EQ(outcome(absolute_path, text), "! must name a file, not a directory");
  EXPECT_EQ(outcome(absolute_path_or_nothing, ""), "");
  EXPECT_EQ(outcome(absolute_path_or_nothing, "x"), "! must be an absolute path");

  const std::string most = "/" + std::string(102, 's');
  EXPECT_EQ(outcome(socket_path, most), most);
  EXPECT_EQ(outcome(socket_path, most + "s"), "! longer than 103 bytes, the most that the socket's path can have");
  EXPECT_EQ(outcome(socket_path, "roombridge.sock"), "! must be an absolute path");
}

TEST(config_names, url_paths_and_namespaces) {
  EXPECT_EQ(outcome(url_path, "/socket.io/"), "/socket.io/");
  for (const char* text : {"/a b", "/a?b", "/a#b", "/é"})
    EXPECT_EQ(outcome(url_path, text), "! not the path of a URL: ASCII without blanks, '?' and '#'") << text;
  EXPECT_EQ(outcome(url_path, "socket.io/"), "! must begin with a slash");
  EXPECT_EQ(outcome(socketio_namespace, "/admin"), "/admin");
  for (const char* text : {"/a b", "/a?b", "/a,b"})
    EXPECT_EQ(outcome(socketio_namespace, text), "! not a Socket.IO namespace: ASCII without blanks, ',' and '?'")
        << text;
  EXPECT_EQ(outcome(socketio_namespace, ""), "! must begin with a slash");
}

TEST(config_names, headers_and_parameters) {
  EXPECT_EQ(outcome(header_name, "X-Api-Key"), "X-Api-Key");
  for (const char* text : {"X Key", "X:", "X\xc3\xa9", "(x)"})
    EXPECT_EQ(outcome(header_name, text), "! not the name of an HTTP header");
  for (const char* text : {"Host", "upgrade", "CONNECTION", "Sec-WebSocket-Key", "User-Agent"})
    EXPECT_EQ(outcome(header_name, text), "! a header of the handshake itself");
  EXPECT_EQ(outcome(query_name, "a b&"), "a b&");
  EXPECT_EQ(outcome(query_name, ""), "! must not be empty");
  for (const char* text : {"EIO", "transport", "sid"})
    EXPECT_EQ(outcome(query_name, text), "! Engine.IO uses this parameter itself");
}

TEST(config_names, values_of_requests) {
  for (const char* text : {"", "Bearer a.b", "{a} b"}) EXPECT_EQ(outcome(request_value, text), text);
  for (const char* text : {" a", "a "})
    EXPECT_EQ(outcome(request_value, text), "! blanks around it would be lost on the way");
  EXPECT_EQ(outcome(request_value, std::string(4097, 'x')), "! longer than 4096 bytes");
}

TEST(config_names, templates) {
  const text_template topic{placeholders::event};
  for (const char* text : {"shop-{shopId}", "{a}{b}", "all", "{{{a}}}", "{two words}"})
    EXPECT_EQ(outcome(topic, text), text);
  EXPECT_EQ(outcome(topic, ""), "! must not be empty");
  EXPECT_EQ(outcome(topic, longest + "x"), "! longer than 256 bytes");
  for (const char* text : {"{", "}", "{}", "{a", "a}", "{a{b}}"})
    EXPECT_EQ(outcome(topic, text), "! the braces do not match: {field} is a placeholder, {{ and }} are braces")
        << text;
  EXPECT_EQ(outcome(topic, "x-{ a}"), "! blanks inside a placeholder would be part of the field's name | { a}");

  const text_template token{placeholders::token, 0};
  EXPECT_EQ(outcome(token, ""), "");
  EXPECT_EQ(outcome(token, "Bearer {token}"), "Bearer {token}");
  EXPECT_EQ(outcome(token, "{tokn}"), "! the only placeholder here is {token} | {tokn}");

  const text_template own{placeholders::answer};
  EXPECT_EQ(outcome(own, "user-{userId}"), "user-{userId}");
  for (const char* text : {"{token}", "{room}"}) {
    EXPECT_EQ(
        outcome(own, text),
        std::string("! placeholders here are fields of the authentication's answer, neither {token} nor {room} | ") +
            text);
  }
  const text_template request{placeholders::room_request};
  EXPECT_EQ(outcome(request, "{room}/{userId}"), "{room}/{userId}");
  EXPECT_EQ(outcome(request, "{token}"),
            "! placeholders here are {room} and fields of the authentication's answer, not {token} | {token}");
}

}  // namespace
}  // namespace roombridge::config
