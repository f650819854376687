// SPDX-License-Identifier: MIT
#include "tests/upstream/fault.hpp"

#include <gtest/gtest.h>

namespace test_upstream {
namespace {

using namespace std::chrono_literals;
using kind = fault::kind;

TEST(parse_fault, has_a_step_a_count_and_a_kind) {
  const auto parsed = parse_fault("authenticate 3 half_open");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->at, step::authenticate);
  EXPECT_EQ(parsed->times, 3u);
  EXPECT_EQ(parsed->what, kind::half_open);
  EXPECT_EQ(parse_fault("accepted * reset")->times, 0u);
}

TEST(parse_fault, has_the_argument_that_its_kind_wants) {
  EXPECT_EQ(parse_fault("handshake 1 slow 20")->pace, 20ms);
  EXPECT_EQ(parse_fault("handshake 1 bytes 00ff")->text, std::string("\0\xff", 2));
  EXPECT_EQ(parse_fault("open 1 text 0{\"sid\": \"x\"}")->text, "0{\"sid\": \"x\"}");
  EXPECT_EQ(parse_fault("open 1 text ")->text, "");
  for (const char* bad : {"", "open", "open 1", "open 1 wrong", "nowhere 1 fin", "open 0 fin", "open x fin",
                          "open 1 fin more", "open 1 slow", "open 1 slow 0", "open 1 bytes", "open 1 bytes 0"}) {
    EXPECT_FALSE(parse_fault(bad)) << bad;
  }
}

TEST(parse_fault, refuses_messages_where_there_are_none) {
  for (const char* message : {"close", "text x", "before x", "twice"}) {
    EXPECT_FALSE(parse_fault("accepted 1 " + std::string{message})) << message;
    EXPECT_FALSE(parse_fault("handshake 1 " + std::string{message})) << message;
    EXPECT_TRUE(parse_fault("open 1 " + std::string{message})) << message;
  }
}

TEST(fault_names, are_read_as_they_are_written) {
  for (auto at = step::accepted; at <= step::established; at = static_cast<step>(static_cast<int>(at) + 1)) {
    EXPECT_EQ(parse_fault(std::string{to_string(at)} + " 1 fin")->at, at);
  }
  for (const kind what : {kind::silence, kind::half_open, kind::close, kind::fin, kind::reset, kind::twice}) {
    EXPECT_EQ(parse_fault("join 1 " + std::string{to_string(what)})->what, what);
  }
  EXPECT_EQ(to_string(kind::slow), "slow");
  EXPECT_EQ(to_string(kind::bytes), "bytes");
  EXPECT_EQ(to_string(kind::text), "text");
  EXPECT_EQ(to_string(kind::before), "before");
}

TEST(fault_plan, strikes_at_its_step_and_so_often) {
  fault_plan plan;
  EXPECT_FALSE(plan.take(step::open));
  plan.set(fault{.what = kind::fin, .at = step::open, .times = 2});
  EXPECT_FALSE(plan.take(step::connect));
  EXPECT_EQ(plan.take(step::open)->what, kind::fin);
  EXPECT_TRUE(plan.take(step::open));
  EXPECT_FALSE(plan.take(step::open));
}

TEST(fault_plan, strikes_until_it_is_taken_back) {
  fault_plan plan;
  plan.set(fault{.what = kind::fin, .at = step::open});
  for (int count = 0; count < 100; ++count) EXPECT_TRUE(plan.take(step::open));
  plan.set(std::nullopt);
  EXPECT_FALSE(plan.take(step::open));
}

}  // namespace
}  // namespace test_upstream
