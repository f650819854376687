// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/saved_session.hpp"

#include <gtest/gtest.h>

#include "daemon/upstream/token/token.hpp"

namespace roombridge::upstream {
namespace {

using std::chrono::microseconds;

saved_session without_recovery() {
  saved_session out{"https://api.example.com", "/socket.io/", "/shop \"7\"", {}, {}};
  out.ended += microseconds(1'767'225'600'123'456);
  return out;
}

saved_session with_recovery() {
  saved_session out = without_recovery();
  out.recovery = saved_recovery{"pid\n\"\\한글", "Pf3xK2a.1", "7", token_digest("secret")};
  return out;
}

saved_session that_was_running() {
  saved_session out = with_recovery();
  out.running = true;
  out.recovery->not_before = out.ended + microseconds(1);
  return out;
}

// What is unusable; empty: nothing is.
std::string fault_of(std::string_view text) {
  const auto parsed = parse_saved_session(text);
  const auto* fault = std::get_if<std::string>(&parsed);
  return fault != nullptr ? *fault : "";
}

// with_recovery()'s text with another one in the place of `what`.
std::string fault_with(std::string_view what, std::string_view instead) {
  std::string text = to_text(with_recovery());
  const auto at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return fault_of(text.replace(at, what.size(), instead));
}

TEST(saved_session, is_the_same_again) {
  for (const auto& one : {with_recovery(), without_recovery(), that_was_running()}) {
    const auto parsed = parse_saved_session(to_text(one));
    ASSERT_TRUE(std::holds_alternative<saved_session>(parsed)) << std::get<std::string>(parsed);
    EXPECT_EQ(std::get<saved_session>(parsed), one);
  }
}

TEST(saved_session, is_one_line_without_the_token) {
  const std::string text = to_text(with_recovery());
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(text.find("secret"), text.npos);
  EXPECT_NE(text.find(R"("ended":1767225600123456)"), text.npos);
}

TEST(saved_session, that_was_cut_is_refused) {
  const std::string text = to_text(with_recovery());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(fault_of(text.substr(0, size)), "end of the line");
  }
}

TEST(saved_session, of_which_a_field_is_unusable_is_refused_and_the_field_named) {
  EXPECT_EQ(fault_with(R"("https://api.example.com")", R"("")"), "url");
  EXPECT_EQ(fault_with(R"("/socket.io/")", "null"), "path");
  EXPECT_EQ(fault_with(R"("/shop \"7\"")", "[]"), "namespace");
  for (const auto* time : {"-1", "1.5", "1e3", "\"1\"", "7258118400000000", "99999999999999999999", "null", "true"}) {
    EXPECT_EQ(fault_with("1767225600123456", time), "ended") << time;
  }
  EXPECT_EQ(fault_with("pid\\n", std::string(recovery::pid_limit, 'x')), "pid");
  EXPECT_EQ(fault_with(R"("pid\n\"\\한글")", "null"), "pid");
  EXPECT_EQ(fault_with("Pf3xK2a.1", ""), "offset");
  EXPECT_EQ(fault_with("Pf3xK2a.1", "Pf3 xK2a"), "offset");
  EXPECT_EQ(fault_with("Pf3xK2a.1", std::string(offset_limit + 1, 'x')), "offset");
  EXPECT_EQ(fault_with(token_digest("secret"), "secret"), "token_sha256");
  EXPECT_EQ(fault_with(token_digest("secret"), std::string(64, 'x')), "token_sha256");
}

TEST(saved_session, is_not_read_from_something_else) {
  for (const auto* text : {"{}\n", "}\n", "\xff\xfe}\n", "{\"url\":{\"url\":\"x\"}}\n"}) {
    EXPECT_EQ(fault_of(text), "url") << text;
  }
  EXPECT_EQ(fault_of(std::string(100'000, '[') + "}\n"), "url");
}

}  // namespace
}  // namespace roombridge::upstream
