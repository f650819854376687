// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/web_page.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

TEST(web_page, is_named_by_its_title) {
  EXPECT_EQ(name_web_page("<!DOCTYPE html>\n<html><head><title>Hotel WiFi</title></head><body>"),
            "the web page \"Hotel WiFi\"");
  EXPECT_EQ(name_web_page("\xef\xbb\xbf\r\n <HTML><Title lang=en>\n  Log in \n &amp;lt;  pay &lt;now&gt;\n</TITLE>"),
            "the web page \"Log in &lt; pay <now>\"");
  EXPECT_EQ(name_web_page("<?xml version=\"1.0\"?><!-- x --><html><title>502 Bad Gateway</title>"),
            "the web page \"502 Bad Gateway\"");
  EXPECT_EQ(name_web_page("<title>예약</title>"), "the web page \"예약\"");
}

TEST(web_page, without_a_title_is_one_too) {
  for (const char* text : {"<html>a portal</html>", "<body onload=x()>", "<head><title></title>", "<html><title",
                           "<html><title> \n </title>"}) {
    EXPECT_EQ(name_web_page(text), "a web page without a title") << text;
  }
}

TEST(web_page, may_be_cut_anywhere) {
  const std::string page = "<html><head><title>A title</title></head><body>text</body></html>";
  for (std::size_t size = 5; size <= page.size(); ++size) {
    const auto named = name_web_page(page.substr(0, size));
    ASSERT_TRUE(named) << size;
    EXPECT_TRUE(named->starts_with("the web page \"A") || *named == "a web page without a title") << *named;
  }
  EXPECT_LT(name_web_page("<title>" + std::string(100'000, 'x'))->size(), 200u);
}

TEST(web_page, is_nothing_else) {
  for (const char* text : {"", "oops", "{\"message\":\"<html>\"}", "<Error><Code>AccessDenied</Code></Error>",
                           "0{\"sid\":\"a\"}", "Transport unknown", "<"}) {
    EXPECT_EQ(name_web_page(text), std::nullopt) << text;
  }
  EXPECT_EQ(named_or_quoted("SSH-2.0\r\n", 5), "\"SSH-2...\"");
  EXPECT_EQ(named_or_quoted("<html>", 5), "a web page without a title");
}

// Nothing of a page can end a log line or begin another.
TEST(web_page, leaves_no_control_characters) {
  EXPECT_EQ(name_web_page("<title>a\x1b[2Jb\x07</title>"), "the web page \"a\\u001b[2Jb\\u0007\"");
}

}  // namespace
}  // namespace roombridge::upstream
