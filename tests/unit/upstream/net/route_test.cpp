// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/upstream/net/certificates.hpp"

namespace roombridge::upstream {
namespace {

using test::temporary_file;
using testing::HasSubstr;
using testing::Not;

using variables = std::map<std::string, std::string>;

std::variant<endpoint, failure> route(const options& settings, const variables& set) {
  return make_route(settings, {}, [&set](const char* name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  });
}

options to(const std::string& url) {
  options settings;
  settings.url = url;
  return settings;
}

// The chosen proxy's name; "": none.
std::string through(const options& settings, const variables& set) {
  const auto made = route(settings, set);
  if (const auto* why = std::get_if<failure>(&made)) return "! " + why->text;
  const auto& chosen = std::get<endpoint>(made).through;
  return chosen ? chosen->name : "";
}

TEST(route, ends_its_path_in_a_slash_unless_told_not_to) {
  options settings = to("http://api.example");
  const auto path = [&settings] { return std::get<endpoint>(route(settings, {})).path; };
  settings.path = "/socket.io";
  EXPECT_EQ(path(), "/socket.io/");
  settings.path = "/socket.io/";
  EXPECT_EQ(path(), "/socket.io/");
  settings.add_trailing_slash = false;
  EXPECT_EQ(path(), "/socket.io/");
  settings.path = "/api/socket";
  EXPECT_EQ(path(), "/api/socket");
}

TEST(route, goes_as_the_environment_says_unless_told) {
  const options tls = to("https://api.example");
  const options plain = to("http://api.example");
  EXPECT_EQ(through(tls, {}), "");
  EXPECT_EQ(through(tls, {{"https_proxy", "http://p:1"}, {"all_proxy", "socks5://q:2"}}), "http://p:1");
  EXPECT_EQ(through(tls, {{"HTTPS_PROXY", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(through(tls, {{"https_proxy", ""}, {"ALL_PROXY", "socks5://q:2"}}), "socks5://q:2");
  EXPECT_EQ(through(tls, {{"http_proxy", "http://p:1"}}), "");
  EXPECT_EQ(through(plain, {{"http_proxy", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(through(plain, {{"HTTP_PROXY", "http://p:1"}}), "") << "a web server may have made it of a request";
  EXPECT_EQ(through(plain, {{"all_proxy", "p:1"}}), "http://p:1") << "the scheme may be missing";
  EXPECT_EQ(through(to("wss://api.example"), {{"https_proxy", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(through(to("WSS://api.example"), {{"https_proxy", "HTTP://p:1"}}), "http://p:1");
  EXPECT_EQ(through(tls, {{"https_proxy", "http://p:1"}, {"no_proxy", "a.example *.example"}}), "");
}

TEST(route, avoids_the_proxy_for_what_the_environment_excepts_and_for_this_machine) {
  const variables set{{"all_proxy", "http://p:1"}, {"no_proxy", "shop.example"}, {"NO_PROXY", "10.0.0.0/8"}};
  EXPECT_EQ(through(to("https://api.shop.example"), set), "");
  EXPECT_EQ(through(to("https://10.1.1.1"), set), "");
  EXPECT_EQ(through(to("http://localhost:3001"), set), "");
  EXPECT_EQ(through(to("http://127.0.0.1:3001"), set), "");
  EXPECT_EQ(through(to("https://other.example"), set), "http://p:1");
}

TEST(route, goes_as_the_config_says_whatever_the_environment_does) {
  options settings = to("http://localhost:3001");
  settings.proxy.url = "socks5://q:2";
  EXPECT_EQ(through(settings, {{"no_proxy", "*"}}), "socks5://q:2");
  settings = to("https://api.example");
  settings.proxy.url = "none";
  EXPECT_EQ(through(settings, {{"https_proxy", "http://p:1"}}), "");
}

TEST(route, is_named_with_its_proxy_and_without_credentials) {
  const auto made = route(to("https://api.example"), {{"https_proxy", "http://till:secret@p:1"}});
  const auto& way = std::get<endpoint>(made);
  EXPECT_EQ(way.name, "https://api.example:443 through http://p:1");
  EXPECT_EQ(way.through->user, "till");
  EXPECT_EQ(way.through->password, "secret");
  EXPECT_EQ(way.host, "api.example");
}

TEST(route, reads_the_credentials_from_their_file) {
  const temporary_file file("till:a:b c\n");
  options settings = to("https://api.example");
  settings.proxy = {"http://p:1", file.path()};
  const auto made = route(settings, {});
  EXPECT_EQ(std::get<endpoint>(made).through->user, "till");
  EXPECT_EQ(std::get<endpoint>(made).through->password, "a:b c");
  file.rewrite("\xef\xbb\xbftill:other\r\n");
  EXPECT_EQ(std::get<endpoint>(route(settings, {})).through->password, "other");
}

TEST(route, names_credentials_that_cannot_be_used_without_repeating_them) {
  options settings = to("https://api.example");
  for (const std::string& content :
       {std::string("secret"), std::string(":secret"), std::string(), std::string("till:secret\nmore"),
        "till:secret" + std::string(2000, 'x'), std::string("till:secret\0", 12), std::string("\"till:secret\""),
        std::string("http://till:secret@p:1")}) {
    const temporary_file file(content);
    settings.proxy = {"http://p:1", file.path()};
    const auto why = std::get<failure>(route(settings, {}));
    EXPECT_EQ(why.why, cause::proxy_unusable);
    EXPECT_THAT(why.text, HasSubstr(file.path()));
    EXPECT_THAT(why.text, Not(HasSubstr("secret")));
  }
  settings.proxy.credentials_file = "/nowhere/at/all";
  EXPECT_THAT(std::get<failure>(route(settings, {})).text, HasSubstr("/nowhere/at/all does not exist"));
}

TEST(route, names_the_variable_that_cannot_be_used_without_repeating_it) {
  const auto why = std::get<failure>(route(to("https://api.example"), {{"https_proxy", "http://till:secret@p"}}));
  EXPECT_EQ(why.why, cause::proxy_unusable);
  EXPECT_THAT(why.text, HasSubstr("https_proxy"));
  EXPECT_THAT(why.text, Not(HasSubstr("secret")));
}

TEST(route, knows_how_much_socks_has_room_for) {
  options settings = to("https://api.example");
  const temporary_file file("till:" + std::string(256, 'x'));
  settings.proxy = {"socks5://p:1", file.path()};
  EXPECT_EQ(std::get<failure>(route(settings, {})).why, cause::proxy_unusable);
  settings.proxy.url = "http://p:1";
  EXPECT_EQ(through(settings, {}), "http://p:1");
}

TEST(route, passes_on_what_is_wrong_with_the_url) {
  EXPECT_EQ(std::get<failure>(route(to("ftp://api.example"), {})).why, cause::bad_url);
}

}  // namespace
}  // namespace roombridge::upstream
