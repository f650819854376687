// SPDX-License-Identifier: MIT
#include "daemon/upstream/proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

proxy good(std::string_view url) {
  auto made = parse_proxy(url);
  if (const auto* why = std::get_if<std::string>(&made)) {
    ADD_FAILURE() << url << ": " << *why;
    return {};
  }
  return std::get<proxy>(std::move(made));
}

std::string bad(std::string_view url) {
  auto made = parse_proxy(url);
  if (const auto* why = std::get_if<std::string>(&made)) return *why;
  ADD_FAILURE() << url << " was taken";
  return {};
}

TEST(proxy, has_a_protocol_a_host_and_a_port) {
  EXPECT_EQ(good("http://proxy.example:3128"),
            (proxy{proxy::protocol::http, "proxy.example", "3128", "http://proxy.example:3128", "", ""}));
  EXPECT_EQ(good("socks5://[::1]:1080/"),
            (proxy{proxy::protocol::socks5, "::1", "1080", "socks5://[::1]:1080", "", ""}));
  EXPECT_EQ(good("socks5h://10.0.0.1:9").speaks, proxy::protocol::socks5);
  EXPECT_EQ(good("HTTP://proxy.example:3128").name, "http://proxy.example:3128");
  EXPECT_EQ(good("SOCKS5://proxy.example:1080").speaks, proxy::protocol::socks5);
}

TEST(proxy, keeps_its_credentials_out_of_its_name) {
  const proxy made = good("http://till%203:p%40ss@proxy.example:3128");
  EXPECT_EQ(made.user, "till 3");
  EXPECT_EQ(made.password, "p@ss");
  EXPECT_EQ(made.name, "http://proxy.example:3128");
}

TEST(proxy, is_refused_in_words_that_repeat_nothing) {
  EXPECT_THAT(bad("secret"), HasSubstr("http://proxy.example.com:3128"));
  EXPECT_THAT(bad("https://secret:1"), HasSubstr("not spoken to in TLS"));
  EXPECT_THAT(bad("socks4://secret:1"), HasSubstr("socks5"));
  EXPECT_THAT(bad("http://secret"), HasSubstr("port"));
  EXPECT_THAT(bad("http://secret:0"), HasSubstr("port"));
  EXPECT_THAT(bad("http://secret:65536"), HasSubstr("port"));
  EXPECT_THAT(bad("http://:1"), HasSubstr("no host"));
  EXPECT_THAT(bad("http://a%0d%0ab:1"), HasSubstr("no host"));
  EXPECT_THAT(bad("http://secret:1/x"), HasSubstr("must end after host and port"));
  for (const char* url : {"secret", "https://secret:1", "http://secret", "http://u:secret@h ost:1"})
    EXPECT_THAT(bad(url), Not(HasSubstr("secret")));
}

TEST(no_proxy, names_domains_and_what_lies_below) {
  for (const char* list : {"shop.example", ".shop.example", "other.example, shop.example", "SHOP.Example", "*",
                           "shop.example:443", "a,,shop.example,", "*.shop.example", "a.example *.Shop.example:443",
                           "localhost 10.0.0.1\tshop.example", " shop.example "}) {
    EXPECT_TRUE(is_excepted(list, "shop.example", "443")) << list;
  }
  for (const char* list : {"shop.example", ".shop.example", "example", "*.shop.example", "a, *.example"})
    EXPECT_TRUE(is_excepted(list, "api.shop.example", "443")) << list;
  for (const char* list : {"", ",", "api.shop.example", "op.example", "shop.example:80", "shop.example.com", ":443",
                           ".", "*.", "*shop.example", "*.op.example", "*.api.shop.example", "shop. example1"})
    EXPECT_FALSE(is_excepted(list, "shop.example", "443")) << list;
}

TEST(no_proxy, names_addresses_and_networks) {
  for (const char* list : {"10.1.2.3", "10.0.0.0/8", "10.1.2.2/31", "0.0.0.0/0", "10.1.2.3:80", "10.1.2.3/32"})
    EXPECT_TRUE(is_excepted(list, "10.1.2.3", "80")) << list;
  for (const char* list :
       {"10.1.2.4", "10.1.2.4/31", "11.0.0.0/8", "10.0.0.0/x", "10.0.0.0/33", "10.1.2.3:81", "::/0", "1.2.3", "3"}) {
    EXPECT_FALSE(is_excepted(list, "10.1.2.3", "80")) << list;
  }
  for (const char* list : {"fd00::1", "fd00::/8", "[fd00::1]:80", "[fd00::1]", "FD00:0::1"})
    EXPECT_TRUE(is_excepted(list, "fd00::1", "80")) << list;
  for (const char* list : {"fd00::2", "fc00::/8", "[fd00::1]:81", "0.0.0.0/0", "[fd00::1"})
    EXPECT_FALSE(is_excepted(list, "fd00::1", "80")) << list;
}

TEST(loopback, is_this_machine) {
  for (const char* host : {"localhost", "api.localhost", "127.0.0.1", "127.9.9.9", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"localhost.example", "128.0.0.1", "::2", "shop.example"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace roombridge::upstream
