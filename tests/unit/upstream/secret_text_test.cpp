// SPDX-License-Identifier: MIT
#include "daemon/upstream/secret_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(secret_text, loses_what_editors_add) {
  EXPECT_EQ(without_additions("\xef\xbb\xbf"
                              "abc\r\n\n"),
            "abc");
  EXPECT_EQ(without_additions("abc"), "abc");
  EXPECT_EQ(without_additions(" a:b "), " a:b ") << "a password may begin and end with blanks";
  EXPECT_EQ(without_additions("\xef\xbb\xbf"), "");
  EXPECT_EQ(without_additions("\r\n"), "");
}

TEST(secret_text, is_refused_by_name_and_without_being_shown) {
  const std::pair<std::string, std::string_view> faults[]{
      {std::string("\xff\xfes\0e\0c\0", 8), "UTF-16"},
      {std::string("\xfe\xff\0s\0e\0c", 8), "UTF-16"},
      {"sec\nret", "more than one line"},
      {"sec\rret", "more than one line"},
      {"sec\tret", "control character"},
      {std::string("sec\0ret", 7), "NUL byte"},
      {"sec\x7fret", "control character"},
      {"sec\xc2\xa0ret", "invisible character"},
      {"secret\xe2\x80\x8b", "invisible character"},
      {"sec\xef\xbb\xbfret", "invisible character"},
      {"\"secret\"", "quotes"},
      {"'secret'", "quotes"},
  };
  for (const auto& [text, words] : faults) {
    EXPECT_THAT(secret_fault(text), HasSubstr(std::string(words)));
    EXPECT_THAT(token_fault(text), HasSubstr(std::string(words)));
    EXPECT_THAT(secret_fault(text), Not(HasSubstr("sec")));
  }
  for (const std::string_view good : {"", "\"", "a b", "a\"b", "\"a'", "pass\xc3\xbc", "Bearer"})
    EXPECT_EQ(secret_fault(good), "") << good;
}

TEST(token_text, is_nothing_of_what_is_written_around_a_token) {
  for (const std::string_view before :
       {"Bearer ", "bearer ", "BEARER ", "Basic ", "Token ", "JWT ", "Authorization: Bearer ",
        "token=", "TOKEN=", "export TOKEN=", "access_token=", "ROOMBRIDGE_TOKEN="}) {
    const std::string fault = token_fault(std::string(before) + "s3cret.s3cret");
    EXPECT_THAT(fault, HasSubstr("begins with \"")) << before;
    EXPECT_THAT(fault, Not(HasSubstr("s3cret")));
  }
  EXPECT_THAT(token_fault(R"({"access_token":"s3cret"})"), HasSubstr("is a JSON document"));
  EXPECT_THAT(token_fault("<html>s3cret</html>"), HasSubstr("is a web page"));
  EXPECT_EQ(secret_fault("basic :x"), "") << "a user may be called anything";
}

TEST(token_text, may_be_whatever_a_backend_gives) {
  for (const std::string_view token :
       {"t", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzIn0.c2VjcmV0", "bearer-7", "tokens", "access_token_7",
        "sv=2020&sig=a%3D", "dG9rZW4=", "two words", "$HOME * ;", "{x", "a:b"}) {
    EXPECT_EQ(token_fault(token), "") << token;
  }
}

}  // namespace
}  // namespace roombridge::upstream
