// SPDX-License-Identifier: MIT
#include "daemon/upstream/retry_after.hpp"

#include <gtest/gtest.h>

namespace roombridge::upstream {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

const sys_seconds then = sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

// What is wanted at this time, where the response has this Date.
std::optional<seconds> wish(std::string_view value, std::string_view date = "", sys_seconds now = then - 90s) {
  const auto parsed = parse_retry_after(value, date);
  return parsed ? std::optional(length_of(*parsed, now)) : std::nullopt;
}

TEST(retry_after, is_a_number_of_seconds) {
  EXPECT_EQ(wish("120"), 120s);
  EXPECT_EQ(wish("1"), 1s);
  EXPECT_EQ(wish("99999999999999999999999"), 365 * 24h) << "without overflow";
}

TEST(retry_after, is_a_date_in_one_of_three_forms) {
  for (const std::string_view date :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(wish(date), 90s) << date;
    EXPECT_EQ(wish(date, "Sun, 06 Nov 1994 08:49:07 GMT"), 30s) << "by the server's own clock";
    EXPECT_EQ(wish(date, "yesterday"), 90s) << "which it has to tell";
    EXPECT_EQ(wish(date, "", then + 1s), 0s) << "over";
  }
  EXPECT_EQ(wish("Fri, 31 Dec 9999 23:59:59 GMT"), 365 * 24h);
}

TEST(retry_after, is_nothing_where_it_says_nothing) {
  for (const std::string_view value : {"", "0", "-5", "1.5", "soon", "120s", "Sun, 06 Nov 1994 08:49:37 CET"})
    EXPECT_FALSE(wish(value)) << value;
  EXPECT_FALSE(wish("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT")) << "over when it was said";
}

}  // namespace
}  // namespace roombridge::upstream
