// SPDX-License-Identifier: MIT
#include "daemon/upstream/transport/probe_answer.hpp"

#include <gtest/gtest.h>

#include "daemon/upstream/wire/padded_buffer.hpp"

namespace roombridge::upstream {
namespace {

void say(probe_answer& answer, std::string_view text) {
  padded_buffer message;
  message.append(text);
  answer.to().on_text(message.view());
}

TEST(probe_answer, is_good_once) {
  probe_answer answer(1000, "server");
  EXPECT_FALSE(answer.good());
  EXPECT_FALSE(answer.bad());
  say(answer, "3probe");
  EXPECT_TRUE(answer.good());
  EXPECT_FALSE(answer.bad());
  say(answer, "3probe");
  EXPECT_FALSE(answer.good());
  EXPECT_TRUE(answer.bad());
}

TEST(probe_answer, takes_nothing_else) {
  for (const std::string_view text :
       {"3", "3probes", "2probe", "6", "0{}", "40", R"(42["e"])", R"(430[])", "", "x", "\xff"}) {
    probe_answer answer(1000, "server");
    say(answer, text);
    EXPECT_TRUE(answer.bad()) << text;
    EXPECT_FALSE(answer.to().wants_more());
  }
  probe_answer binary(1000, "server");
  binary.to().on_binary("x");
  EXPECT_TRUE(binary.bad());
  probe_answer closed(1000, "server");
  closed.to().on_broken({cause::server_closed, "bye"}, 1000);
  EXPECT_TRUE(closed.bad());
}

}  // namespace
}  // namespace roombridge::upstream
