// SPDX-License-Identifier: MIT
#include "daemon/service/crash_session.hpp"

#include <gtest/gtest.h>

namespace roombridge::service {
namespace {

using std::chrono::microseconds;

upstream::saved_session session() {
  return {.url = "http://h:1",
          .path = "/socket.io/",
          .nsp = "/",
          .ended = std::chrono::sys_time<microseconds>{microseconds{100}},
          .recovery = upstream::saved_recovery{"pid", "offset-7", "3", std::string(64, 'a')},
          .running = true};
}

TEST(crash_session, comes_back_with_the_offset_of_the_last_record_and_no_other) {
  const auto kept = to_kept(session());
  EXPECT_EQ(kept.id, "pid");
  EXPECT_EQ(kept.text.find("offset-7"), std::string::npos);
  auto expected = session();
  expected.recovery->offset = "offset-5";
  expected.running = false;
  EXPECT_EQ(after_crash({.last = 50, .session = kept.text, .offset = "offset-5"}), expected);
  expected.ended = std::chrono::sys_time<microseconds>{microseconds{150}};
  EXPECT_EQ(after_crash({.last = 150, .session = kept.text, .offset = "offset-5"}), expected);
  expected.recovery.reset();
  EXPECT_EQ(after_crash({.last = 150, .session = kept.text}), expected) << "only the time is known";
}

TEST(crash_session, that_cannot_be_asked_for_still_has_a_time) {
  auto without = session();
  without.recovery.reset();
  const auto kept = to_kept(without);
  without.running = false;
  EXPECT_EQ(kept.id, "");
  EXPECT_EQ(after_crash({.last = 50, .session = kept.text, .offset = "old"}), without);
}

// Broadcasts come to a connection that nobody is logged in on: for the user something is missing since the logout.
TEST(crash_session, ended_when_it_did_whatever_came_afterwards) {
  auto over = session();
  over.running = false;
  EXPECT_EQ(after_crash({.last = 150, .session = to_kept(over).text, .offset = "offset-5"})->ended, over.ended);
}

TEST(crash_session, that_is_none_is_none) {
  EXPECT_EQ(to_kept(std::nullopt).text, "");
  EXPECT_FALSE(after_crash({.last = 50}));
  EXPECT_FALSE(after_crash({.last = 50, .session = "what is this"}));
}

}  // namespace
}  // namespace roombridge::service
