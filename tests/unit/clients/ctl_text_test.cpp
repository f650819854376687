// SPDX-License-Identifier: MIT
#include "clients/ctl/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace roombridge::ctl {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t second = 1'000'000;

TEST(parse_duration, knows_its_units) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds{500});
  EXPECT_EQ(parse_duration("30s"), milliseconds{30'000});
  EXPECT_EQ(parse_duration("30"), milliseconds{30'000});
  EXPECT_EQ(parse_duration("2m"), milliseconds{120'000});
  EXPECT_EQ(parse_duration("2min"), milliseconds{120'000});
  EXPECT_EQ(parse_duration("1h"), milliseconds{3'600'000});
  EXPECT_EQ(parse_duration("0"), milliseconds{0});
}

TEST(parse_duration, refuses_everything_else) {
  for (const auto* text :
       {"", "s", "-1s", "1.5s", "1 s", "1d", "1sx", "9223372036854775807", "99999999999999999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(duration_text, has_two_units_at_most) {
  EXPECT_EQ(duration_text(-5), "0 ms");
  EXPECT_EQ(duration_text(340'000), "340 ms");
  EXPECT_EQ(duration_text(12 * second), "12 s");
  EXPECT_EQ(duration_text(303 * second), "5 min 3 s");
  EXPECT_EQ(duration_text(7440 * second), "2 h 4 min");
  EXPECT_EQ(duration_text(90'000 * second), "1 d 1 h");
  EXPECT_EQ(duration_text(3600 * second), "1 h");
}

TEST(time_text, has_a_date_when_it_is_another_day) {
  ::setenv("TZ", "UTC", 1);
  const std::int64_t noon = 1'764'072'000 * second;
  EXPECT_EQ(time_text(noon, noon + second), "12:00:00");
  EXPECT_EQ(time_text(noon, noon + 90'000 * second), "2025-11-25 12:00:00");
}

TEST(base64, is_rfc_4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64(std::string("\x00\xff\x10", 3)), "AP8Q");
}

}  // namespace
}  // namespace roombridge::ctl
