// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/http_response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using state = http_response::state;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

endpoint server() {
  return std::get<endpoint>(make_endpoint("http://h:1", "/"));
}

struct whole {
  std::string_view text;
  std::string_view body;
  bool keep_alive;
};

const whole good[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n", "abcde", true},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", false},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
     "2\r\n\r\nok",
     "ok", true},
};

TEST(http_response, takes_a_response_split_anywhere) {
  for (const whole& one : good) {
    for (std::size_t at = 0; at < one.text.size(); ++at) {
      http_response response;
      ASSERT_EQ(response.feed(one.text.substr(0, at)), state::more) << one.text << " at " << at;
      ASSERT_EQ(response.feed(one.text.substr(at)), state::complete) << one.text << " at " << at;
      EXPECT_EQ(response.body(), one.body);
      EXPECT_EQ(response.keep_alive(), one.keep_alive) << one.text;
      EXPECT_EQ(response.rest(), "");
    }
  }
}

TEST(http_response, reads_to_the_end_where_there_is_no_length) {
  http_response response;
  EXPECT_EQ(response.feed("HTTP/1.1 200 OK\r\n\r\nall of"), state::more);
  EXPECT_EQ(response.feed(" it"), state::more);
  EXPECT_EQ(response.finish(), state::complete);
  EXPECT_EQ(response.body(), "all of it");
  EXPECT_FALSE(response.keep_alive());
}

TEST(http_response, is_broken_when_it_is_cut) {
  for (const std::string_view text : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}) {
    http_response response;
    EXPECT_EQ(response.feed(text), state::more);
    EXPECT_EQ(response.finish(), state::broken) << text;
  }
}

TEST(http_response, gives_its_fields) {
  http_response response;
  ASSERT_EQ(response.feed("HTTP/1.1 302 Found it\r\nset-cookie: a=1\r\nContent-Length: 1\r\nSet-Cookie: b=2\r\n"
                          "Connection: keep-alive, UPGRADE\r\n\r\nx and more"),
            state::complete);
  EXPECT_EQ(response.status(), 302u);
  EXPECT_EQ(response.reason(), "Found it");
  EXPECT_THAT(response.lines("SET-COOKIE"), ElementsAre("a=1", "b=2"));
  EXPECT_EQ(response.field("CONTENT-LENGTH"), "1");
  EXPECT_EQ(response.field("Location"), "");
  EXPECT_TRUE(response.field_has("connection", "upgrade"));
  EXPECT_FALSE(response.field_has("connection", "up"));
  EXPECT_EQ(response.content_length(), 1u);
  EXPECT_EQ(response.rest(), " and more");
}

// RFC 9110 section 5.3.
TEST(http_response, takes_several_lines_of_one_field_for_one_list) {
  http_response response;
  ASSERT_EQ(response.feed("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nX: a\r\nconnection: x, Close\r\n"
                          "X: b, c\r\nTransfer-Encoding: identity\r\nX:\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "1\r\nx\r\n0\r\n\r\n"),
            state::complete);
  EXPECT_EQ(response.field("x"), "a, b, c, ");
  EXPECT_EQ(response.body(), "x");
  EXPECT_FALSE(response.keep_alive());
  for (const std::string_view item : {"keep-alive", "x", "close"})
    EXPECT_TRUE(response.field_has("Connection", item)) << item;
  EXPECT_FALSE(response.field_has("Connection", "upgrade"));
  http_response twice;
  EXPECT_EQ(twice.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"), state::complete);
}

TEST(http_response, gives_extensions_item_by_item) {
  http_response response;
  ASSERT_EQ(response.feed("HTTP/1.1 204 No\r\nX: One; Two=3, four; three=\"Q\"\r\nx: five\r\n\r\n"), state::complete);
  const auto all = response.extensions("X");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "one");
  EXPECT_THAT(all[0].parameters, ElementsAre(Pair("two", "3")));
  EXPECT_EQ(all[1].name, "four");
  EXPECT_THAT(all[1].parameters, ElementsAre(Pair("three", "q")));
  EXPECT_EQ(all[2].name, "five");
  http_response flag;
  ASSERT_EQ(flag.feed("HTTP/1.1 204 No\r\nX: one; two\r\n\r\n"), state::complete);
  EXPECT_THAT(flag.extensions("X").at(0).parameters, ElementsAre(Pair("two", "")));
}

TEST(http_response, bounds_the_body_by_what_is_announced_and_by_what_comes) {
  http_response announced(10);
  EXPECT_EQ(announced.feed("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), state::too_large);
  http_response chunked(10);
  EXPECT_EQ(chunked.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n"), state::more);
  EXPECT_EQ(chunked.feed("8\r\n12345678\r\n0\r\n\r\n"), state::too_large);
  http_response exact(10);
  EXPECT_EQ(exact.feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890"), state::complete);
}

TEST(http_response, takes_no_memory_for_an_announcement) {
  http_response response;
  EXPECT_EQ(response.feed("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nx"), state::more);
  EXPECT_EQ(response.body(), "x");
}

TEST(http_response, bounds_the_header) {
  http_response response;
  auto now = response.feed("HTTP/1.1 200 OK\r\n");
  int lines = 0;
  while (now == state::more && lines < 100) {
    now = response.feed("X-Filler: " + std::string(1000, 'x') + "\r\n");
    ++lines;
  }
  EXPECT_EQ(now, state::broken);
  EXPECT_LE(lines, 17);
}

TEST(http_response, bounds_what_stands_between_and_behind_chunks) {
  for (const std::string_view begin : {"", "1;", "1\r\nx\r\n0\r\n", "1\r\nx\r\n0\r\nX: "}) {
    http_response response;
    auto now = response.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(begin));
    int kilobytes = 0;
    while (now == state::more && kilobytes < 100) {
      now = response.feed(std::string(1024, '0'));
      ++kilobytes;
    }
    EXPECT_EQ(now, state::broken) << begin;
    EXPECT_LE(kilobytes, 17) << begin;
  }
}

TEST(http_response, says_what_came_instead) {
  http_response other;
  EXPECT_EQ(other.feed("SSH-2.0-OpenSSH_9.2\r\n\r\n"), state::broken);
  EXPECT_THAT(describe_no_http(other, server()).text, HasSubstr("not in HTTP: \"SSH-2.0"));
  http_response tls;
  EXPECT_EQ(tls.feed(std::string_view("\x15\x03\x01\x00\x02\x02\x16", 7)), state::broken);
  EXPECT_THAT(describe_no_http(tls, server()).text, HasSubstr("speaks TLS"));
}

TEST(http_response, knows_how_its_body_is_coded) {
  const auto coding = [](std::string_view fields) {
    http_response response;
    EXPECT_EQ(response.feed("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n"), state::more);
    return response.coding();
  };
  EXPECT_EQ(coding("Content-Length: 1\r\n"), "");
  EXPECT_EQ(coding("Content-Length: 1\r\nContent-Encoding: Identity\r\n"), "");
  EXPECT_EQ(coding("Content-Length: 1\r\nContent-Encoding: gzip\r\n"), "gzip");
  EXPECT_EQ(coding("Transfer-Encoding: chunked\r\n"), "");
  EXPECT_EQ(coding("Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n"), "deflate");
  EXPECT_EQ(coding("Content-Length: 1\r\nContent-Encoding: br\r\ncontent-encoding: zstd\r\n"), "br, zstd");
}

TEST(http_response, names_a_page_that_came_instead) {
  http_response page;
  EXPECT_EQ(page.feed("<html><title>Old router</title></html>\r\n\r\n"), state::broken);
  EXPECT_THAT(describe_no_http(page, server()).text, HasSubstr("not in HTTP: the web page \"Old router\""));
}

TEST(http_response, names_a_refusal) {
  http_response response;
  ASSERT_EQ(response.feed("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops"), state::complete);
  const failure why = describe_refusal(response, server());
  EXPECT_EQ(why.why, cause::http_5xx);
  EXPECT_EQ(why.text, "http://h:1 answered HTTP 502 Bad Gateway: oops");
}

}  // namespace
}  // namespace roombridge::upstream
