// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "daemon/upstream/wire/socketio.hpp"

namespace roombridge::upstream::socketio {
namespace {

TEST(connect_reply, reads_the_offer_of_recovery) {
  EXPECT_EQ(parse_connect_reply(R"({"sid":"abc"})")->pid, std::nullopt);
  EXPECT_EQ(parse_connect_reply(R"({"pid":"secret","x":1,"sid":"abc"})")->pid, "secret");
}

TEST(connect_reply, takes_any_sid_that_the_reference_client_takes) {
  EXPECT_TRUE(parse_connect_reply(R"({"sid":1})"));
  EXPECT_TRUE(parse_connect_reply(R"({"sid":"1","pid":7})"));
  EXPECT_EQ(parse_connect_reply(R"({"sid":"1","pid":7})")->pid, std::nullopt);
}

TEST(connect_reply, names_what_is_wrong) {
  EXPECT_EQ(parse_connect_reply("").error(), error::reply_without_sid);
  EXPECT_EQ(parse_connect_reply("{}").error(), error::reply_without_sid);
  EXPECT_EQ(parse_connect_reply("[]").error(), error::reply_without_sid);
  EXPECT_EQ(parse_connect_reply(R"({"sid":null})").error(), error::reply_without_sid);
  EXPECT_EQ(parse_connect_reply(R"({"sid":""})").error(), error::reply_without_sid);
  EXPECT_EQ(parse_connect_reply("{").error(), error::reply_not_json);
  EXPECT_EQ(parse_connect_reply(std::string(5000, '[')).error(), error::reply_not_json);
  EXPECT_EQ(parse_connect_reply(std::string(reply_limit + 1, ' ')).error(), error::reply_too_large);
}

TEST(refusal, reads_message_and_data) {
  const auto refusal = parse_refusal(R"({"message":"not authorized","data":{"code":7}})");
  EXPECT_EQ(refusal->message, "not authorized");
  EXPECT_EQ(refusal->data, R"({"code":7})");
  EXPECT_EQ(parse_refusal(R"({"message":"no"})")->data, "");
}

TEST(refusal, gives_data_that_is_json_whatever_its_numbers_are) {
  EXPECT_EQ(parse_refusal(R"({"data":1e999})")->data, "null");
  EXPECT_EQ(parse_refusal(R"({"data":{"a":[0e400,-1e999,1]}})")->data, R"({"a":[null,null,1]})");
}

TEST(refusal, takes_a_bare_string) {
  EXPECT_EQ(parse_refusal("\"Unable to connect\"")->message, "Unable to connect");
}

TEST(refusal, is_a_refusal_also_without_words) {
  for (const std::string_view data : {"", "{}", "[]", "null", R"({"message":7})"}) {
    ASSERT_TRUE(parse_refusal(data)) << data;
    EXPECT_EQ(parse_refusal(data)->message, "") << data;
  }
}

TEST(refusal, names_what_is_wrong) {
  EXPECT_EQ(parse_refusal("{").error(), error::reply_not_json);
  EXPECT_EQ(parse_refusal(std::string(reply_limit + 1, ' ')).error(), error::reply_too_large);
}

}  // namespace
}  // namespace roombridge::upstream::socketio
