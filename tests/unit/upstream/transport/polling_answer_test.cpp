// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/polling_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

endpoint server() {
  return std::get<endpoint>(make_endpoint("http://h:1", "/"));
}

TEST(polling_answer, opens_a_session) {
  const std::string packet = R"(0{"sid":"s","upgrades":["websocket"],"pingInterval":1,"pingTimeout":2,"maxPayload":3})";
  for (const std::string& body : {packet, packet + "\x1e"
                                                   "2"}) {
    const auto opened = std::get<engineio::open>(read_opening(body, server()));
    EXPECT_EQ(opened.sid, "s");
    EXPECT_EQ(opened.max_payload, 3u);
    EXPECT_TRUE(opened.offers_websocket);
  }
}

TEST(polling_answer, names_what_opens_none) {
  const auto why = [](std::string_view body) { return std::get<failure>(read_opening(body, server())); };
  EXPECT_EQ(why("97:0{\"sid\":\"x\"}").why, cause::engine_io_3);
  EXPECT_EQ(why("0{}").why, cause::protocol_error);
  EXPECT_THAT(why("0{}").text, HasSubstr("its sid must be a text of 1 to 2048 bytes, and is missing"));
  for (const std::string_view body : {"<html>a portal</html>", "4hello", "", "97:", "b",
                                      "\x1e"
                                      "0{}"}) {
    EXPECT_EQ(why(body).why, cause::engine_refused) << body;
    EXPECT_THAT(why(body).text, HasSubstr("check `path`"));
  }
}

TEST(polling_answer, names_a_page_by_its_title) {
  const auto why = std::get<failure>(read_opening("<html><title>Hotel WiFi</title>", server()));
  EXPECT_THAT(why.text, HasSubstr("network's login page is in the way: the web page \"Hotel WiFi\""));
  EXPECT_THAT(why.text, Not(HasSubstr("<html>")));
}

TEST(polling_answer, names_a_coding_that_was_not_asked_for) {
  for (const std::string_view said : {"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n?",
                                      "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\n?\r\n0\r\n\r\n"}) {
    http_response response;
    ASSERT_EQ(response.feed("HTTP/1.1 200 OK\r\n" + std::string(said)), http_response::state::complete);
    const auto failed = judge_answer(response, server(), 0);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->why, cause::protocol_error);
    EXPECT_THAT(failed->text, HasSubstr("in gzip, which was not asked for"));
    EXPECT_FALSE(judge_answer(response, server(), 7)) << "of a POST's answer nothing is read";
  }
}

TEST(polling_answer, never_shows_a_token_that_the_server_repeats) {
  endpoint where = server();
  const std::string token(300, 's');
  const auto hidden = std::make_shared<secrets>();
  hidden->set(secrets::kind::token, {token});
  where.hidden = hidden;
  const auto why = std::get<failure>(read_opening("no session for " + token, where));
  EXPECT_THAT(why.text, HasSubstr("[token]"));
  EXPECT_THAT(why.text, Not(HasSubstr("sss")));
}

struct answer {
  int status;
  std::string body;
  std::size_t posted;
  cause why;
  std::string_view words;
};
class polling_answers : public testing::TestWithParam<answer> {};

TEST_P(polling_answers, are_judged) {
  const answer& given = GetParam();
  http_response response;
  const std::string head = "HTTP/1.1 " + std::to_string(given.status) + " Said\r\nContent-Length: ";
  ASSERT_EQ(response.feed(head + std::to_string(given.body.size()) + "\r\n\r\n" + given.body),
            http_response::state::complete);
  const auto failed = judge_answer(response, server(), given.posted);
  EXPECT_EQ(failed ? failed->why : cause::none, given.why);
  EXPECT_THAT(failed ? failed->text : "", HasSubstr(given.words));
}

constexpr const char* unknown_session = R"({"code":1,"message":"Session ID unknown"})";
INSTANTIATE_TEST_SUITE_P(
    all, polling_answers,
    testing::Values(answer{200, "6", 0, cause::none, ""}, answer{200, "ok", 7, cause::none, ""},
                    answer{200, "", 7, cause::none, ""}, answer{200, "", 0, cause::protocol_error, "with nothing"},
                    answer{201, "6", 0, cause::engine_refused, "HTTP 201"},
                    answer{302, "", 0, cause::http_redirect, "HTTP 302"},
                    answer{400, unknown_session, 0, cause::server_closed, "sticky"},
                    answer{400, unknown_session, 7, cause::server_closed, "sticky"},
                    answer{400, R"({"code":1})", 7, cause::server_closed, "sticky"},
                    answer{400, R"("Invalid session J0zV3")", 0, cause::server_closed, "sticky"},
                    answer{400, R"("Invalid transport")", 0, cause::http_4xx, "Invalid transport"},
                    answer{400, R"({"code":3,"message":"Bad request"})", 0, cause::http_4xx, "Bad request"},
                    answer{404, unknown_session, 0, cause::http_4xx, "check `path`"},
                    answer{413, "", 7, cause::message_too_large, "7 bytes"}, answer{413, "", 0, cause::http_4xx, "413"},
                    answer{503, "", 7, cause::http_5xx, "503"}));

}  // namespace
}  // namespace roombridge::upstream
