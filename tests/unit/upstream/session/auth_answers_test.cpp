// SPDX-License-Identifier: MIT
#include "daemon/upstream/session/auth_answers.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using verdict = auth_answers::verdict;
using ack = auth_answers::ack;

TEST(auth_answers, of_events_the_last_one_that_was_asked_for_counts) {
  auth_answers answers;
  answers.expect_event();
  answers.expect_event();
  EXPECT_EQ(answers.on_event(false, false), verdict::none) << "about an older token";
  EXPECT_EQ(answers.on_event(true, false), verdict::accepted);
  answers.expect_event();
  EXPECT_EQ(answers.on_event(false, false), verdict::refused);
}

TEST(auth_answers, an_event_that_nobody_asked_for_ends_a_session_only) {
  auth_answers answers;
  EXPECT_EQ(answers.on_event(true, true), verdict::none);
  EXPECT_EQ(answers.on_event(false, false), verdict::none);
  EXPECT_EQ(answers.on_event(false, true), verdict::refused) << "the token has run out";
}

TEST(auth_answers, of_acknowledgements_the_newest_decides) {
  auth_answers answers;
  for (const std::uint64_t id : {3u, 5u, 9u}) answers.expect_ack(id);
  EXPECT_EQ(answers.on_ack(4), ack::not_ours);
  EXPECT_EQ(answers.on_ack(5), ack::outdated);
  EXPECT_EQ(answers.on_ack(3), ack::not_ours) << "an older one is none any more";
  EXPECT_EQ(answers.on_ack(9), ack::decides);
  EXPECT_FALSE(answers.awaits_ack());
}

TEST(auth_answers, where_acknowledgements_are_awaited_an_event_refuses_the_oldest) {
  auth_answers answers;
  answers.expect_ack(1);
  answers.expect_ack(2);
  EXPECT_EQ(answers.on_event(true, false), verdict::none);
  EXPECT_EQ(answers.on_event(false, false), verdict::none);
  EXPECT_EQ(answers.on_event(false, false), verdict::refused);
}

}  // namespace
}  // namespace roombridge::upstream
